import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allowableNames, subjectAltNames } from './certificate-names.ts';
import { folderOf, makeAuthority, makeCertificate, skip } from './certificates-test-support.ts';

test('names are read as Node writes them', () => {
  assert.deepEqual(subjectAltNames(''), []);
  assert.deepEqual(subjectAltNames('DNS:a.example, IP Address:10.0.0.1, URI:spiffe://x/y, email:a@b'), [
    { kind: 'DNS', name: 'a.example' },
    { kind: 'IP Address', name: '10.0.0.1' },
    { kind: 'URI', name: 'spiffe://x/y' },
    { kind: 'email', name: 'a@b' },
  ]);
});

test('a name with a comma in it feigns no other', () => {
  assert.deepEqual(subjectAltNames('DNS:"good.example, DNS:evil.example", DNS:b'), [
    { kind: 'DNS', name: 'good.example, DNS:evil.example' },
    { kind: 'DNS', name: 'b' },
  ]);
  for (const text of ['DNS:"a', 'DNS:a"b', 'DNS:a,DNS:b', 'a', 'DNS:"\\q"'])
    assert.equal(subjectAltNames(text), null, text);
});

test('names of a real certificate', { skip }, (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const san =
    'DNS:a.example,DNS:A.example,IP:10.0.0.1,IP:fd00::1,email:me@example.org,URI:spiffe://x/y,dirName:d\n[d]\nCN=not.this';
  const { certFile } = makeCertificate(folder, 'client', authority, { san });
  assert.deepEqual(allowableNames(new X509Certificate(readFileSync(certFile))), [
    'a.example',
    'A.example',
    '10.0.0.1',
    'fd00::1',
    'me@example.org',
    'spiffe://x/y',
  ]);
});

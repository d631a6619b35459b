import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf, factsOf, gatewayOf, NOW } from '../test-support.ts';
import { checkTrust } from './trust.ts';

const DAY_S = 86_400;

test('no credentials are a note on loopback, and an error beyond', () => {
  const found = (externalUrl: string) =>
    codesOf(checkTrust(factsOf(gatewayOf({ isKnown: false }, { 'web.external-url': externalUrl }))));
  assert.deepEqual(found(''), ['NO_CREDENTIALS (note)']);
  assert.deepEqual(found('http://localhost:9750'), ['NO_CREDENTIALS (note)']);
  assert.deepEqual(found('https://gateway.example.org'), ['NO_CREDENTIALS']);
});

test('plain HTTP beyond loopback', () => {
  const found = (url: string, address: string, flags = {}) =>
    codesOf(
      checkTrust(factsOf(gatewayOf({ url: new URL(url) }, { 'web.listen-address': address, ...flags }))),
    );
  assert.deepEqual(found('http://10.0.0.1:9750', ':9750'), ['PLAIN_HTTP (warning)']);
  const external = { 'web.external-url': 'https://gateway.example.org' };
  assert.deepEqual(found('http://10.0.0.1:9750', ':9750', external), ['PLAIN_HTTP (note)']);
  assert.deepEqual(found('https://10.0.0.1:9750', ':9750'), []);
  assert.deepEqual(found('http://127.0.0.1:9750', '[::1]:9750'), []);
});

test('a certificate that ends', () => {
  const found = (days: number) =>
    checkTrust(
      factsOf(
        gatewayOf(
          {},
          {},
          `tributary_gateway_tls_certificate_not_after_timestamp_seconds ${NOW / 1000 + days * DAY_S}`,
        ),
      ),
    );
  assert.deepEqual(codesOf(found(15)), []);
  assert.deepEqual(codesOf(found(13)), ['CERTIFICATE_ENDS (warning)']);
  assert.match(found(13)[0]?.what ?? '', /ends on 2026-12-01, in 13d\./);
  assert.deepEqual(codesOf(found(2)), ['CERTIFICATE_ENDS']);
  assert.match(found(-1)[0]?.what ?? '', /has ended on/);
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf, hasOpenssl, makeAuthority } from '../targets/servers-test-support.ts';
import { readTls } from './tls-files.ts';

/** In CI nothing is passed by not being looked at. */
const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const skip = isCi || hasOpenssl() ? false : 'there is no openssl on this machine';

test('a file that is named and holds nothing is refused, and does not count as none', async (t) => {
  const file = join(folderOf(t), 'some.pem');
  const empty = / holds no (certificate that can be read|key): PEM is needed, and the file is empty$/;
  for (const text of ['', '\n \n']) {
    writeFileSync(file, text);
    await assert.rejects(readTls({ caFile: file }), empty);
    await assert.rejects(readTls({ certFile: file }), empty);
    await assert.rejects(readTls({ keyFile: file }), empty);
  }
  const none = await readTls({ caFile: '', certFile: '', keyFile: '' });
  for (const name of ['ca', 'cert', 'key']) assert.ok(!(name in none), name);
});

test('so is one without a certificate that can be read', { skip }, async (t) => {
  const folder = folderOf(t);
  const { certFile, keyFile } = makeAuthority(folder, 'authority');
  const whole = readFileSync(certFile, 'utf8');
  const file = join(folder, 'some.pem');
  const broken = [whole.slice(0, whole.length / 2), 'hello', readFileSync(keyFile, 'utf8')];
  for (const text of broken) {
    writeFileSync(file, text);
    for (const tls of [{ caFile: file }, { certFile: file }])
      await assert.rejects(readTls(tls), (error: Error) => {
        assert.equal(error.message, `${file} holds no certificate that can be read: PEM is needed`);
        return true;
      });
  }
  const bundle = `Some words.\n${whole}\n${whole}`;
  writeFileSync(file, bundle);
  assert.equal((await readTls({ caFile: file })).ca, bundle);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ConfigFileError } from '@tributary/shared/config-file';
import { fileKey } from '@tributary/shared/config-keys';
import { OPTION_SPECS } from './config.ts';
import { checkConfig, createLoader, loadOptions, printConfig } from './config-file.ts';

function written(t: TestContext, text: string): { file: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'gateway.yml');
  writeFileSync(file, text);
  return { file, folder };
}

test('a flag goes before the environment, that before the file, that before the default', async (t) => {
  const { file } = written(
    t,
    'storage: {retention: {time: 2h, size: 3GB}}\nreplay: {window: 20m}\nlog: {level: warn}\n',
  );
  const env = { TRIBUTARY_GATEWAY_CONFIG_FILE: file, TRIBUTARY_GATEWAY_REPLAY_WINDOW: '30m' };
  const options = await loadOptions(['--log.level=error'], env);
  assert.equal(options['storage.retention.time'], 2 * 3_600_000);
  assert.equal(options['storage.retention.size'], 3 * 1024 ** 3);
  assert.equal(options['replay.window'], 30 * 60_000);
  assert.equal(options['log.level'], 'error');
  assert.equal(options['fleet.stale-after'], 300_000);
});

test('paths are relative to the folder of the file', async (t) => {
  const { file, folder } = written(t, 'storage: {path: data}\nweb: {config: {file: web.yml}}\n');
  const options = await loadOptions(['--config.file', file], {});
  assert.equal(options['storage.path'], join(folder, 'data'));
  assert.equal(options['web.config.file'], join(folder, 'web.yml'));
});

test('every option but the file itself is a key', () => {
  const keys = Object.entries(OPTION_SPECS).map(([name, spec]) => fileKey(name, spec));
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(keys.includes('limits.new_series_per_minute'));
});

test('check-config says what is wrong, with its line', async (t) => {
  const bad = written(t, 'storage:\n  retention: {time: 15, siez: 1GB}\nweb: {admin_users: ann}\n').file;
  await assert.rejects(checkConfig([bad]), (error) => {
    assert.ok(error instanceof ConfigFileError);
    assert.deepEqual(error.lines, [
      `${bad}:2: storage.retention.time: 15 has no unit; write it as 15s`,
      `${bad}:2: unknown key storage.retention.siez; did you mean storage.retention.size?`,
    ]);
    return true;
  });
  const alone = written(t, '\nweb: {admin_users: ann}\n').file;
  await assert.rejects(checkConfig([alone]), {
    message: new RegExp(
      `^${alone}:2: web\\.admin_users names users of web\\.config\\.file, and there is none`,
    ),
  });
  const good = written(t, 'web: {listen_address: "0.0.0.0:9750"}\n').file;
  assert.equal(await checkConfig([good]), `${good} is valid`);
});

test('what is printed says the same as what it was printed of', async (t) => {
  const { file } = written(t, 'web: {external_url: "http://a:1/b"}\nlimits: {hosts: 7}\n');
  const argv = ['--config.file', file, '--replay.order=live-first', '--storage.path=/a b'];
  const text = await printConfig(argv, { TRIBUTARY_GATEWAY_FLEET_STALE_AFTER: '2m' });
  const again = written(t, text).file;
  const { 'config.file': _, ...values } = await loadOptions(argv, {
    TRIBUTARY_GATEWAY_FLEET_STALE_AFTER: '2m',
  });
  const { 'config.file': __, ...reread } = await loadOptions(['--config.file', again], {});
  assert.deepEqual(reread, values);
});

test('a file that is emptied is most likely being written, and a pipe is read once', async (t) => {
  const { file, folder } = written(t, 'limits: {hosts: 7}\n');
  const load = createLoader(['--config.file', file], {});
  assert.equal((await load())['limits.hosts'], 7);
  writeFileSync(file, '');
  await assert.rejects(load(), {
    message: `${file}: the file is empty, and was not before; write {} into it if that is meant`,
  });
  writeFileSync(file, '{}');
  assert.equal((await load())['limits.hosts'], 20_000);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const loadPipe = createLoader(['--config.file', pipe], {});
  const [options] = await Promise.all([loadPipe(), writeFile(pipe, 'limits: {hosts: 9}\n')]);
  assert.equal(options['limits.hosts'], 9);
  await assert.rejects(loadPipe(), /no regular file cannot be read a second time/);
});

test('a web configuration that is named is checked with the file', async (t) => {
  const { file, folder } = written(t, 'web: {config: {file: web.yml}}\n');
  await assert.rejects(checkConfig([file]), {
    message: new RegExp(`^${folder}/web\\.yml: the file cannot be read`),
  });
  writeFileSync(join(folder, 'web.yml'), 'http_server_config: {}\n');
  assert.equal(await checkConfig([file]), `${file} is valid`);
});

test('a web configuration is no configuration, and check-config says where it belongs', async (t) => {
  const { file } = written(t, 'tls_server_config: {cert_file: a, key_file: b}\n');
  await assert.rejects(checkConfig([file]), (error) => {
    assert.ok(error instanceof ConfigFileError);
    const [mistake = '', told = ''] = error.lines;
    assert.match(mistake, /:1: unknown key tls_server_config; /);
    assert.match(
      told,
      /: tls_server_config stands in a file of its own, .*\(web: \{config: \{file: web\.yml\}\}/,
    );
    return true;
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  doctorUsage,
  findDoctorFile,
  gatewayAccess,
  prometheusAccess,
  readDoctorOptions,
} from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-doctor-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const urlOf = (argv: readonly string[], env = {}) => gatewayAccess(readDoctorOptions(argv, env)).url.href;

test('the gateway is found where it listens', () => {
  assert.equal(urlOf([]), 'http://127.0.0.1:9750/');
  assert.equal(urlOf([], { TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: ':9800' }), 'http://127.0.0.1:9800/');
  assert.equal(urlOf(['--web.listen-address', '[::1]:1']), 'http://[::1]:1/');
  assert.equal(urlOf(['--gateway.url', 'https://a/b?x=1#y']), 'https://a/b');
  const tls = write('web.yml', 'tls_server_config: {cert_file: a, key_file: b}\n');
  assert.equal(urlOf(['--web.config.file', tls]), 'https://127.0.0.1:9750/');
  const external = ['--web.external-url', 'https://gateway.example.org:9750'];
  assert.equal(urlOf(['--web.config.file', tls, ...external]), 'https://gateway.example.org:9750/');
  assert.equal(urlOf(external), 'http://127.0.0.1:9750/', 'TLS is a proxy there');
  const users = write('users.yml', 'basic_auth_users: {ann: x}\n');
  assert.equal(urlOf(['--web.config.file', users]), 'http://127.0.0.1:9750/');
});

test('the file is asked only where it decides', () => {
  const env = { TRIBUTARY_GATEWAY_CONFIG_FILE: 'a.yml', TRIBUTARY_GATEWAY_LOG_LEVEL: 'nonsense' };
  assert.equal(findDoctorFile([], env), 'a.yml');
  assert.equal(findDoctorFile(['--config.file', 'b.yml'], env), 'b.yml');
  assert.equal(findDoctorFile(['--gateway.url', 'http://a'], env), '');
  const file = new Map([
    ['web.listen-address', { value: '127.0.0.1:7', texts: ['127.0.0.1:7'], line: 1 }],
    ['storage.path', { value: 'x', texts: ['x'], line: 2 }],
  ]);
  assert.equal(gatewayAccess(readDoctorOptions([], {}, file)).url.href, 'http://127.0.0.1:7/');
});

test('credentials come from files, and are shown to nobody', () => {
  const token = write('token', 'tributary_scrape_abc\n');
  const password = write('password', 's3cret: \n');
  const one = gatewayAccess(readDoctorOptions(['--gateway.token-file', token], {}));
  assert.equal(one.authorization, 'Bearer tributary_scrape_abc');
  const flags = [
    '--prometheus.url',
    'http://p',
    '--prometheus.username',
    'ann',
    '--prometheus.password-file',
    password,
  ];
  const two = prometheusAccess(readDoctorOptions(flags, {}));
  assert.equal(two?.authorization, `Basic ${Buffer.from('ann:s3cret: ').toString('base64')}`);
  assert.equal(prometheusAccess(readDoctorOptions([], {})), null);
  const twoLines = write('lines', 'secret one\nsecret two\n');
  assert.throws(() => gatewayAccess(readDoctorOptions(['--gateway.token-file', twoLines], {})), {
    message: `--gateway.token-file: ${twoLines} holds no token in one line`,
  });
});

test('mistakes are one line each', () => {
  for (const [argv, message] of [
    [['--gateway.ulr', 'x'], /unknown flag --gateway\.ulr; did you mean --gateway\.url\?/],
    [['--gateway.url', 'http://me:secret@a'], /cannot have a name or a password/],
    [['--gateway.url', 'ftp://a'], /is not an http:/],
    [['--gateway.token-file', '/nowhere'], /--gateway\.token-file: \/nowhere cannot be read: there is none/],
    [['--gateway.username', 'a'], /go together/],
    [['--gateway.username', 'a', '--gateway.token-file', 'b'], /give one of the two/],
    [['--prometheus.job', 'a'], /wants --prometheus\.url/],
  ] as const)
    assert.throws(
      () => gatewayAccess(readDoctorOptions(argv, {})),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret@/);
        return true;
      },
    );
});

test('--help says what the exit codes mean', () => {
  assert.match(doctorUsage(), /--prometheus\.url URL.*\n(.*\n)*Exit code: 0 when/);
});

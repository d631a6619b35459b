import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readOptions } from '../config.ts';
import { gatewayTls } from './gateway-options.ts';

const PIN = `sha256/${'A'.repeat(43)}=`;
const read = (...argv: string[]) => readOptions(['--host=h', ...argv], {});
const refused = (argv: readonly string[], message: string | RegExp) =>
  assert.throws(() => read('--gateway.url=wss://gw', ...argv), {
    name: 'OptionError',
    ...(typeof message === 'string' ? { message } : { message }),
  });

test('TLS is what the flags say', () => {
  const options = read(
    ...[
      '--gateway.url=wss://gw',
      '--gateway.tls.ca-file=ca',
      '--gateway.tls.cert-file=c',
      '--gateway.tls.key-file=k',
    ],
    ...['--gateway.tls.server-name=n', '--gateway.tls.min-version=TLS13', `--gateway.tls.pin=${PIN}`],
  );
  assert.deepEqual(gatewayTls(options), {
    caFile: 'ca',
    certFile: 'c',
    keyFile: 'k',
    serverName: 'n',
    minVersion: 'TLS13',
    insecureSkipVerify: false,
    pins: [PIN],
    pinOnly: false,
  });
});

describe('refused is', () => {
  test('half a certificate', () => {
    refused(['--gateway.tls.cert-file=c'], '--gateway.tls.cert-file needs --gateway.tls.key-file');
    refused(['--gateway.tls.key-file=k'], '--gateway.tls.key-file needs --gateway.tls.cert-file');
  });

  test('a pin that is none, and pinning that pins nothing', () => {
    for (const pin of ['abc', `sha1/${'A'.repeat(43)}=`, 'A'.repeat(44), `${PIN}=`])
      refused([`--gateway.tls.pin=${pin}`], /^--gateway\.tls\.pin: ".+" is no pin; write it as sha256\//);
    refused(Array(17).fill(`--gateway.tls.pin=${PIN}`), /17 pins; at most 16/);
    refused(['--gateway.tls.pin-only'], '--gateway.tls.pin-only needs --gateway.tls.pin');
    refused(
      ['--gateway.tls.pin-only', `--gateway.tls.pin=${PIN}`, '--gateway.tls.ca-file=c'],
      /no authority is asked/,
    );
    refused(
      ['--gateway.tls.insecure-skip-verify', `--gateway.tls.pin=${PIN}`],
      /with --gateway\.tls\.pin-only/,
    );
  });

  test('TLS without TLS', () => {
    for (const flag of [
      '--gateway.tls.ca-file=ca',
      `--gateway.tls.pin=${PIN}`,
      '--gateway.tls.insecure-skip-verify',
    ]) {
      assert.throws(() => read('--gateway.url=ws://gw', flag), {
        name: 'OptionError',
        message: `${flag.replace(/=.*/, '')} is of no use without TLS; begin --gateway.url with wss://`,
      });
    }
  });

  test('a token in place of its file, unseen', () => {
    const token = `tributary_host_${'S3cr3t'.repeat(7)}`;
    for (const argv of [[token], [`/etc/${token}`]]) {
      assert.throws(
        () => read('--gateway.token-file', ...argv),
        (error: Error) =>
          /seems to be a token itself/.test(error.message) && !error.message.includes('S3cr3t'),
      );
    }
    assert.equal(
      read('--gateway.token-file', `/run/secrets/${'x'.repeat(39)}`)['gateway.token-file'].length,
      52,
    );
    const name = 'tributary-reporter-production-eu-west-1-web-token';
    assert.equal(read('--gateway.token-file', name)['gateway.token-file'], name);
  });

  test('a proxy that is none, unseen', () => {
    for (const url of ['socks5://u:s3cr3t@p', 'http://u:s3cr3t@p/x', 'http://u:s3cr3t@'])
      assert.throws(
        () => read('--gateway.proxy-url', url),
        (error: Error) => /^--gateway\.proxy-url: /.test(error.message) && !error.message.includes('s3cr3t'),
      );
    assert.equal(read('--gateway.proxy-url=direct')['gateway.proxy-url'], 'direct');
  });

  test("a gateway's URL that may hold a password, unseen", () => {
    for (const url of ['ws://u:s3cr3t@gw', 'http://u:s3cr3t@gw', 'ws://u:s3cr3t@gw:99999', 'u:s3cr3t@gw'])
      assert.throws(
        () => read('--gateway.url', url),
        (error: Error) => /^--gateway\.url: /.test(error.message) && !error.message.includes('s3cr3t'),
      );
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readOptions } from './config.ts';
import { createGatewayLink, routeOf, shownUrl, wayOf } from './gateway-link.ts';
import { logLink } from './link-log.ts';
import type { Log } from './log.ts';
import { createCounters } from './own-series.ts';
import { temporaryFolder } from './spool/test-support.ts';

/** What a start of that reporter says; it connects to nobody. */
function linesOf(t: TestContext, argv: readonly string[], env: NodeJS.ProcessEnv = {}): string[] {
  const lines: string[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const levels = ['debug', 'info', 'warn', 'error'].map((level) => [level, line(level)]);
  // Made of its four levels alone; the cast leaves out pino's overloads, not a method that is used.
  const log = Object.fromEntries(levels) as unknown as Log;
  const options = readOptions(['--host=web-1', '--spool.path', temporaryFolder(t), ...argv], {});
  const observer = logLink(log, createCounters(), shownUrl(options), wayOf(options));
  createGatewayLink({ options, route: routeOf(options, env), log, observer });
  return lines;
}

function tokenFlag(t: TestContext): string[] {
  const file = join(temporaryFolder(t), 'token');
  writeFileSync(file, 'abc', { mode: 0o600 });
  return ['--gateway.token-file', file];
}

test('a token in plain text is warned of at each start, but not to this machine itself', (t) => {
  const token = tokenFlag(t);
  const warned = linesOf(t, ['--gateway.url=ws://gw.test/x?key=1', ...token]);
  assert.match(
    warned.join(),
    /^warn the token goes over the network in plain text.+"gateway":"ws:\/\/gw\.test\/x"\}$/,
  );
  for (const url of ['ws://127.0.0.1:9750', 'ws://localhost:9750', 'ws://[::1]:9750', 'wss://gw.test'])
    assert.deepEqual(linesOf(t, ['--gateway.url', url, ...token]), [], url);
  assert.deepEqual(linesOf(t, ['--gateway.url=ws://gw.test']), [], 'there is no token');
  const proxy = '--gateway.proxy-url=http://proxy.test:3128';
  const [line = ''] = linesOf(t, ['--gateway.url=ws://localhost:9750', proxy, ...token]);
  assert.match(line, /^warn the token goes over the network in plain text/, 'the proxy is another machine');
});

test('a gateway that is not looked at is warned of at each start', (t) => {
  const [line = '', ...others] = linesOf(t, [
    '--gateway.url=wss://gw.test',
    '--gateway.tls.insecure-skip-verify',
  ]);
  assert.match(line, /^warn INSECURE: /);
  assert.deepEqual(others, []);
});

test('a proxy is told, without its password', (t) => {
  const env = { HTTPS_PROXY: 'http://me:s3cr3t@proxy:3128' };
  assert.deepEqual(linesOf(t, ['--gateway.url=wss://gw.test'], env), [
    'info the gateway is reached through a proxy {"proxy":"http://proxy:3128"}',
  ]);
  assert.deepEqual(linesOf(t, ['--gateway.url=wss://gw.test', '--gateway.proxy-url=direct'], env), []);
});

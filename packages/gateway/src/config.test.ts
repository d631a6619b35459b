import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { readOptions } from './config.ts';

function messageOf(argv: readonly string[], env: Record<string, string> = {}): string {
  try {
    readOptions(argv, env);
  } catch (error) {
    assert.ok(error instanceof OptionError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return 'taken';
}

test('the defaults are those that are documented', () => {
  assert.deepEqual(readOptions([], {}), {
    'config.file': '',
    'config.auto-reload-interval': 0,
    'web.listen-address': '127.0.0.1:9750',
    'web.admin-users': '',
    'web.max-connections': 20_000,
    'storage.path': './data/gateway',
    'storage.retention.time': 86_400_000,
    'storage.retention.size': 2 * 1024 ** 3,
    'web.config.file': '',
    'web.external-url': '',
    'replay.window': 50 * 60_000,
    'replay.max-points': 1_000_000,
    'replay.order': 'in-order',
    'replay.overlap': 60_000,
    'fleet.stale-after': 300_000,
    'limits.hosts': 20_000,
    'limits.samples-per-second': 200_000,
    'limits.new-series-per-minute': 60_000,
    'limits.cpu-percent': 90,
    'limits.memory': 0,
    'fleet.forget-after': 7 * 86_400_000,
    'log.level': 'info',
    'log.format': 'auto',
  });
});

test('a flag goes before the environment, that before the default', () => {
  const env = {
    TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: '[::1]:1',
    TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIME: '2h',
    TRIBUTARY_GATEWAY_UNKNOWN: 'x',
  };
  const options = readOptions(['--storage.retention.time=1h30m', '--log.level', 'debug'], env);
  assert.equal(options['web.listen-address'], '[::1]:1');
  assert.equal(options['storage.retention.time'], 5_400_000);
  assert.equal(options['log.level'], 'debug');
});

test('mistakes are named with what is needed', () => {
  assert.match(
    messageOf(['--web.listen-adress=x']),
    /--web\.listen-adress; did you mean --web\.listen-address\?/,
  );
  assert.match(messageOf(['--web.listen-address=0.0.0.0']), /--web\.listen-address: .*is not HOST:PORT/);
  assert.match(messageOf(['--storage.retention.time=1x']), /--storage\.retention\.time: "1x" is no duration/);
  assert.match(messageOf(['--storage.retention.time=5s']), /too short; at least 1m/);
  assert.match(messageOf(['--storage.retention.size=1KB']), /too small; at least 1MB/);
  assert.match(messageOf(['--log.level=loud']), /"loud" is none of debug, info, warn, error/);
  assert.match(messageOf(['--web.admin-users=ann']), /users of --web\.config\.file, and there is none; give/);
  assert.equal(messageOf(['--web.admin-users=ann', '--web.config.file=web.yml']), 'taken');
  assert.match(messageOf(['--web.external-url=http://a:b@c/']), /cannot have a name or a password/);
  assert.match(messageOf(['serve']), /unexpected argument "serve"/);
  assert.match(
    messageOf([], { TRIBUTARY_GATEWAY_FLEET_STALE_AFTER: 'soon' }),
    /^TRIBUTARY_GATEWAY_FLEET_STALE_AFTER: "soon" is no duration/,
  );
});

import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import { isHostName } from '@tributary/shared/names';
import { OptionError } from '@tributary/shared/options';
import { ENV_PREFIX, OPTION_SPECS, readOptions } from './config.ts';

const refused = (argv: readonly string[], message: string | RegExp) =>
  assert.throws(
    () => readOptions(['--host', 'web-1', ...argv], {}),
    (error: Error) => {
      assert.ok(error instanceof OptionError);
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    },
  );

describe('options', () => {
  test('have the defaults of the documentation', () => {
    const { collectors, collectorSettings, collectorIntervals, ...options } = readOptions(
      ['--host', 'web-1'],
      {},
    );
    assert.deepEqual(
      Object.fromEntries(Object.entries(options).filter(([name]) => !name.startsWith('collector.'))),
      {
        'config.file': '',
        'config.auto-reload-interval': 0,
        'gateway.url': 'ws://127.0.0.1:9750/v1/stream',
        'gateway.token-file': '',
        'gateway.tls.ca-file': '',
        'gateway.tls.cert-file': '',
        'gateway.tls.key-file': '',
        'gateway.tls.server-name': '',
        'gateway.tls.min-version': 'TLS12',
        'gateway.tls.pin': [],
        'gateway.tls.pin-only': false,
        'gateway.tls.insecure-skip-verify': false,
        'gateway.proxy-url': '',
        host: 'web-1',
        interval: 10_000,
        label: new Map(),
        'spool.path': './data/reporter',
        'spool.retention.time': 24 * 3_600_000,
        'spool.retention.size': 256 * 1024 * 1024,
        'spool.keep-acked': 3_600_000,
        'push.listen-address': '',
        'push.expire-after': 0,
        'statsd.listen-udp': '',
        'statsd.histogram-buckets': [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        'statsd.expire-after': 0,
        'web.listen-address': '',
        'web.enable-profiles': false,
        'limits.cpu-percent': 50,
        'limits.memory': 268_435_456,
        'path.procfs': '/proc',
        'path.sysfs': '/sys',
        'path.rootfs': '/',
        'log.level': 'info',
        'log.format': 'auto',
        targets: [],
      },
    );
    assert.equal(collectors.get('cpu'), true);
    assert.deepEqual(collectorIntervals, new Map());
    for (const name of Object.keys(collectorSettings)) assert.match(name, /^collector\.\w+\../);
  });

  test('pace the whole host and single collectors', () => {
    const read = (...argv: string[]) => readOptions(['--host=web-1', ...argv], {});
    assert.equal(read('--interval', 'auto').interval, 'auto');
    assert.throws(() => read('--interval', 'automatic'), /--interval: "automatic" is no duration/);
    const { collectorIntervals } = read('--collector.cpu.interval=1m', '--collector.loadavg.interval=0s');
    assert.deepEqual(collectorIntervals, new Map([['cpu', 60_000]]));
  });

  test('have defaults that mean the same when they are given', () => {
    for (const [name, spec] of Object.entries(OPTION_SPECS)) {
      if (spec.placeholder === '' || spec.defaultText === '') continue;
      assert.deepEqual(spec.parse([spec.defaultText]), spec.defaultValue, name);
    }
  });

  test('are taken from a flag before the environment, from that before the default', () => {
    const env = { [`${ENV_PREFIX}INTERVAL`]: '5s', [`${ENV_PREFIX}SPOOL_RETENTION_SIZE`]: '1GB' };
    const options = readOptions(['--host=web-1', '--interval=1s'], env);
    assert.equal(options.interval, 1_000);
    assert.equal(options['spool.retention.size'], 1024 ** 3);
  });

  test('an unknown flag is refused, with its nearest neighbour', () => {
    refused(
      ['--spool.retention.tme', '1h'],
      /unknown flag --spool\.retention\.tme; did you mean --spool\.retention\.time\?/,
    );
    refused(['once'], /unexpected argument "once"/);
  });

  test('what cannot be used is refused by name', () => {
    refused(['--interval', '50ms'], /--interval: 50ms is too short; at least 100ms/);
    refused(['--spool.retention.size', '1KB'], /--spool\.retention\.size: 1KB is too small; at least 1MB/);
    refused(['--log.level', 'loud'], /--log\.level: "loud" is none of debug, info, warn, error/);
  });
});

describe('the host', () => {
  test("is the system's own unless it is given", { skip: !isHostName(hostname()) }, () => {
    assert.equal(readOptions([], {}).host, hostname());
  });

  for (const name of ['a b', 'ü', 'x'.repeat(254), '"']) {
    test(`cannot be ${JSON.stringify(name.slice(0, 10))}`, () => {
      assert.throws(() => readOptions(['--host', name], {}), /--host: .+ is not a host name/);
    });
  }
});

describe("the gateway's URL", () => {
  for (const [given, used] of [
    ['ws://gw:9750', 'ws://gw:9750/v1/stream'],
    ['wss://gw.example/', 'wss://gw.example/v1/stream'],
    ['wss://gw.example/tributary/stream?x=1', 'wss://gw.example/tributary/stream?x=1'],
    ['ws://[::1]:9750', 'ws://[::1]:9750/v1/stream'],
  ] as const) {
    test(`${given} is ${used}`, () => {
      assert.equal(readOptions(['--host=h', '--gateway.url', given], {})['gateway.url'], used);
    });
  }

  test("must be a WebSocket's, without secrets and fragments", () => {
    refused(
      ['--gateway.url', 'http://gw'],
      '--gateway.url: "http://gw" is not a ws:// or wss:// URL; use ws://gw',
    );
    refused(['--gateway.url', 'gw:9750'], /is not a ws:\/\/ or wss:\/\/ URL/);
    for (const url of ['ws://me:secret@gw', 'http://me:secret@gw']) {
      refused(
        ['--gateway.url', url],
        '--gateway.url: a URL must not carry credentials; use --gateway.token-file',
      );
    }
    refused(['--gateway.url', 'ws://gw/#x'], /must not have a fragment/);
  });
});

describe('labels', () => {
  test('are given one by one, or together in the environment', () => {
    const { label } = readOptions(['--host=h', '--label', 'env=prod', '--label=zone=a=b'], {});
    assert.deepEqual(
      [...label],
      [
        ['env', 'prod'],
        ['zone', 'a=b'],
      ],
    );
    const env = { [`${ENV_PREFIX}LABEL`]: 'env=prod, zone=a' };
    assert.deepEqual(
      [...readOptions(['--host=h'], env).label],
      [
        ['env', 'prod'],
        ['zone', 'a'],
      ],
    );
  });

  for (const name of ['host', 'job', 'instance', 'le', 'quantile', '__name__', '1a', 'a-b']) {
    test(`cannot be called ${name}`, () => {
      refused(['--label', `${name}=x`], new RegExp(`--label: "${name}" cannot be a label`));
    });
  }

  test('cannot be longer than a gateway takes', () => {
    refused(['--label', `env=${'x'.repeat(2049)}`], /--label: the value of env must be text of at most 2048/);
  });
});

describe('collectors', () => {
  test('have a switch each, on and off', () => {
    const { collectors } = readOptions(['--host=h', '--no-collector.cpu', '--collector.netdev'], {});
    assert.equal(collectors.get('cpu'), false);
    assert.equal(collectors.get('netdev'), true);
    const switches = Object.keys(OPTION_SPECS).filter((name) => /^collector\.\w+$/.test(name));
    assert.deepEqual(
      switches,
      [...collectors.keys()].map((name) => `collector.${name}`),
    );
    const env = { [`${ENV_PREFIX}COLLECTOR_CPU`]: 'false' };
    assert.equal(readOptions(['--host=h'], env).collectors.get('cpu'), false);
  });

  test('have their own options', () => {
    const read = (...argv: string[]) => readOptions(['--host=h', ...argv], {}).collectorSettings;
    assert.deepEqual(read('--collector.vmstat.fields=^pg')['collector.vmstat.fields'], /^pg/);
    assert.equal(read('--collector.stat.softirq')['collector.stat.softirq'], true);
    const env = { [`${ENV_PREFIX}COLLECTOR_NETDEV_DEVICE_EXCLUDE`]: '^(veth|br),?' };
    assert.deepEqual(
      readOptions(['--host=h'], env).collectorSettings['collector.netdev.device-exclude'],
      /^(veth|br),?/,
    );
  });

  test('refuse a bad expression, and two filters at once', () => {
    refused(['--collector.vmstat.fields', '('], '--collector.vmstat.fields: "(" is no regular expression');
    refused(
      ['--collector.arp.device-include=a', '--collector.arp.device-exclude=b'],
      '--collector.arp.device-include and --collector.arp.device-exclude cannot be given together',
    );
  });
});

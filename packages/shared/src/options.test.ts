import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  choiceOption,
  describeOptions,
  durationOption,
  envName,
  mapOption,
  numberOption,
  OptionError,
  parseOptions,
  sizeOption,
  switchOption,
  textOption,
} from './options.ts';

const SPECS = {
  'storage.path': textOption({ help: 'Folder.', placeholder: 'DIR', default: './data' }),
  'storage.retention.time': durationOption({ help: 'Age.', defaultMs: 86_400_000, minMs: 60_000 }),
  'storage.retention.size': sizeOption({ help: 'Size.', defaultBytes: 2 ** 31, minBytes: 1024 }),
  'web.listen-address': textOption({
    help: 'Address.',
    default: '127.0.0.1:9750',
    check: (text) => {
      if (!text.includes(':')) throw new OptionError(`${text} has no port`);
      return text.toLowerCase();
    },
  }),
  'log.level': choiceOption({ help: 'Level.', choices: ['debug', 'info'], default: 'info' }),
  'collector.cpu': switchOption({ help: 'CPU times.', default: true }),
  'collector.gpu': switchOption({ help: 'GPUs.', default: false }),
  label: mapOption({
    help: 'A label.',
    checkKey: (key) => {
      if (key === 'host') throw new OptionError('host cannot be a label');
    },
  }),
} as const;

const PREFIX = 'TRIBUTARY_GATEWAY_';
const parse = (argv: string[], env: Record<string, string | undefined> = {}) =>
  parseOptions(SPECS, { argv, env, envPrefix: PREFIX });

/** Asserts that the user is told this, in one line. */
function assertTold(argv: string[], message: string | RegExp, env: Record<string, string> = {}): void {
  assert.throws(
    () => parse(argv, env),
    (error: unknown) => {
      assert.ok(error instanceof OptionError, String(error));
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    },
  );
}

test('without anything given every option has its default', () => {
  assert.deepEqual(parse([]), {
    'storage.path': './data',
    'storage.retention.time': 86_400_000,
    'storage.retention.size': 2 ** 31,
    'web.listen-address': '127.0.0.1:9750',
    'log.level': 'info',
    'collector.cpu': true,
    'collector.gpu': false,
    label: new Map(),
  });
});

test('a value stands behind its flag or behind an equals sign, and may hold more of these', () => {
  assert.equal(parse(['--storage.path', 'a=b'])['storage.path'], 'a=b');
  assert.equal(parse(['--storage.path=a=b'])['storage.path'], 'a=b');
  assert.equal(parse(['--storage.path='])['storage.path'], '');
  assert.equal(parse(['--storage.path', '--odd'])['storage.path'], '--odd');
});

test('a flag goes before the environment, the environment before the default', () => {
  const env = { TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIME: '2h' };
  assert.equal(parse([], env)['storage.retention.time'], 7_200_000);
  assert.equal(parse(['--storage.retention.time', '3h'], env)['storage.retention.time'], 10_800_000);
});

test('a flag that is given hides a mistake in the environment', () => {
  const env = { TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIME: 'soon' };
  assert.equal(parse(['--storage.retention.time', '3h'], env)['storage.retention.time'], 10_800_000);
});

test('points and hyphens are underscores in the environment', () => {
  assert.equal(envName(PREFIX, 'web.listen-address'), 'TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS');
  assert.equal(
    parse([], { TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: '[::]:80' })['web.listen-address'],
    '[::]:80',
  );
});

test('an empty variable is none, and an unknown one is let be', () => {
  const env = { TRIBUTARY_GATEWAY_STORAGE_PATH: '', TRIBUTARY_GATEWAY_SERVICE_HOST: '10.0.0.1' };
  assert.equal(parse([], env)['storage.path'], './data');
});

test('a switch is turned on and off by its name', () => {
  assert.equal(parse(['--collector.gpu'])['collector.gpu'], true);
  assert.equal(parse(['--no-collector.cpu'])['collector.cpu'], false);
  assert.equal(parse(['--collector.cpu=false'])['collector.cpu'], false);
  assert.equal(parse([], { TRIBUTARY_GATEWAY_COLLECTOR_GPU: 'true' })['collector.gpu'], true);
  assertTold(['--no-collector.cpu=true'], '--no-collector.cpu takes no value');
  assertTold(['--collector.cpu=yes'], '--collector.cpu: "yes" is neither true nor false');
  assertTold(['--collector.cpu', '--no-collector.cpu'], '--no-collector.cpu was given twice');
});

test('only switches can be turned off', () => {
  assertTold(['--no-storage.path'], /^unknown flag --no-storage\.path; did you mean --storage\.path\?$/);
});

test('labels are given one by one, or together in the environment', () => {
  const expected = new Map([
    ['a', '1'],
    ['b', 'x=y'],
    ['c', ''],
  ]);
  assert.deepEqual(parse(['--label', 'a=1', '--label=b=x=y', '--label', 'c=']).label, expected);
  assert.deepEqual(parse([], { TRIBUTARY_GATEWAY_LABEL: 'a=1, b=x=y ,c=' }).label, expected);
  assert.deepEqual(parse(['--label', '__proto__=x']).label, new Map([['__proto__', 'x']]));
});

test('a comma in a flag is part of the value', () => {
  assert.deepEqual(parse(['--label', 'a=1,b=2']).label, new Map([['a', '1,b=2']]));
});

test('a label is KEY=VALUE, once, with a key that is allowed', () => {
  assertTold(['--label', 'a'], '--label: "a" is not KEY=VALUE');
  assertTold(['--label', '=a'], '--label: "=a" is not KEY=VALUE');
  assertTold(['--label', 'a=1', '--label', 'a=2'], '--label: a was given twice');
  assertTold(['--label', 'host=x'], '--label: host cannot be a label');
});

test('an unknown flag names its nearest neighbour, or says where to look', () => {
  assertTold(
    ['--storage.retention.tme', '1h'],
    'unknown flag --storage.retention.tme; did you mean --storage.retention.time?',
  );
  assertTold(['--verbose'], 'unknown flag --verbose; see --help');
  assertTold(['--constructor'], 'unknown flag --constructor; see --help');
  assertTold(['--'], /^unknown flag --; /);
});

test('a word that belongs to no flag is named', () => {
  assertTold(['serve'], 'unexpected argument "serve"; see --help');
  assertTold(['-v'], 'unexpected argument "-v"; see --help');
});

test('a flag without its value, and one that is given twice, are told', () => {
  assertTold(['--storage.path'], '--storage.path needs a value: DIR');
  assertTold(['--storage.path', 'a', '--storage.path', 'b'], '--storage.path was given twice');
});

test('a bad value is told with where it came from', () => {
  assertTold(
    ['--storage.retention.time', '1.5h'],
    '--storage.retention.time: "1.5h" is no duration; write it as 15s, 5m or 1h30m',
  );
  assertTold(
    ['--storage.retention.time', '59s'],
    '--storage.retention.time: 59s is too short; at least 1m is needed',
  );
  assertTold(
    ['--storage.retention.size', '2 GB'],
    '--storage.retention.size: "2 GB" is no size; write it as 512MB or 2GB',
  );
  assertTold(
    ['--storage.retention.size', '1B'],
    '--storage.retention.size: 1B is too small; at least 1KB is needed',
  );
  assertTold(['--log.level', 'INFO'], '--log.level: "INFO" is none of debug, info');
  assertTold(['--web.listen-address', 'x'], '--web.listen-address: x has no port');
  assertTold([], 'TRIBUTARY_GATEWAY_LOG_LEVEL: "loud" is none of debug, info', {
    TRIBUTARY_GATEWAY_LOG_LEVEL: 'loud',
  });
});

test('a check may put a value right, but is not asked about the default', () => {
  assert.equal(parse(['--web.listen-address', 'LOCALHOST:1'])['web.listen-address'], 'localhost:1');
});

test('an error that is no mistake of the user is passed on as it is', () => {
  const failure = new TypeError('a bug');
  const check = (): string => {
    throw failure;
  };
  const specs = { x: textOption({ help: '', default: '', check }) };
  assert.throws(() => parseOptions(specs, { argv: ['--x', '1'], env: {}, envPrefix: '' }), failure);
});

test('--help lists every option, what it takes, what it is for and its default', () => {
  const lines = describeOptions(SPECS).split('\n');
  assert.deepEqual(lines, [
    '  --storage.path DIR                 Folder. [./data]',
    '  --storage.retention.time DURATION  Age. [1d]',
    '  --storage.retention.size SIZE      Size. [2GB]',
    '  --web.listen-address TEXT          Address. [127.0.0.1:9750]',
    '  --log.level debug|info             Level. [info]',
    '  --[no-]collector.cpu               CPU times. [on]',
    '  --[no-]collector.gpu               GPUs. [off]',
    '  --label KEY=VALUE                  A label.',
  ]);
});

test('a variable that is nearly an option is refused, any other is let be', () => {
  assert.throws(() => parse([], { TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIMES: '5m' }), {
    message:
      'unknown variable TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIMES; did you mean TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIME?',
  });
  // What Kubernetes sets for a service of that name.
  parse([], {
    TRIBUTARY_GATEWAY_PORT: 'tcp://10.0.0.1:9750',
    TRIBUTARY_GATEWAY_SERVICE_HOST: '10.0.0.1',
    TRIBUTARY_GATEWAY_PORT_9750_TCP_ADDR: '10.0.0.1',
  });
});

test('a number is whole and within its bounds', () => {
  const specs = { limit: numberOption({ help: 'Limit.', default: 5, min: 1, max: 10 }) } as const;
  const read = (text: string) =>
    parseOptions(specs, { argv: [`--limit=${text}`], env: {}, envPrefix: PREFIX });
  assert.equal(read('10').limit, 10);
  assert.throws(() => read('11'), { message: '--limit: 11 is too large; at most 10 can be' });
  assert.throws(() => read('0'), { message: '--limit: 0 is too small; at least 1 is needed' });
  assert.throws(() => read('1.5'), { message: '--limit: "1.5" is no whole number' });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileSchema } from './config-keys.ts';
import { readFileTree } from './config-read.ts';
import { listOf, objectOf, value } from './config-schema.ts';
import { parsed } from './config-test-support.ts';
import {
  durationOption,
  mapOption,
  numberOption,
  OptionError,
  pathOption,
  switchOption,
  textOption,
  textsOption,
} from './options.ts';

const SPECS = {
  'config.file': pathOption({ help: 'File.', default: '' }),
  interval: durationOption({ help: 'Pace.', defaultMs: 1000 }),
  label: mapOption({
    help: 'Labels.',
    checkKey: (key) => {
      if (key === 'host') throw new OptionError('host cannot be a label; use --interval');
    },
  }),
  'web.listen-address': textOption({ help: 'Address.', default: '' }),
  'collector.cpu': switchOption({ help: 'CPU.', default: true }),
  'collector.cpu.guest': switchOption({ help: 'Guests.', default: true }),
  'collector.cpu.info.depth': numberOption({ help: 'Depth.', default: 1, min: 1 }),
  'collector.load': switchOption({ help: 'Load.', default: true }),
  'collector.text.directory': { ...textsOption({ help: 'Folders.' }), isPath: true },
};

const SECTION = listOf(
  objectOf(
    {
      job: value(textOption({ help: 'Job.', default: '' })),
      urls: value(textsOption({ help: 'URLs.' })),
      basic_auth: objectOf({
        user_name: value(textOption({ help: 'Name.', default: '' })),
        password_file: value(pathOption({ help: 'File.', default: '' })),
      }),
      follow: value(switchOption({ help: 'Follow.', default: true })),
      keep: value(textOption({ help: 'Keep.', default: '' })),
      drop: value(textOption({ help: 'Drop.', default: '' })),
    },
    { required: ['job'], oneOf: [['keep', 'drop']] },
  ),
  3,
);

const SCHEMA = fileSchema(SPECS, { targets: SECTION });
const CONTEXT = {
  resolvePath: (path: string) => `/etc/${path}`,
  inFileWords: (message: string) => message.replace('--interval', 'interval'),
};
const read = (file: unknown) => readFileTree(parsed(file), SCHEMA, CONTEXT);
const problems = (file: unknown) => read(file).problems.map(({ line, message }) => `${line}: ${message}`);

describe('options', () => {
  test('are found below their keys, each with its line', () => {
    const file = {
      interval: '5s',
      labels: { env: 'prod', zone: 'a' },
      web: { listen_address: '[::]:80' },
      collectors: { cpu: false, text: { directory: ['a', 'b'] } },
    };
    assert.deepEqual(read(file).problems, []);
    assert.deepEqual(
      [...read(file).options],
      [
        ['interval', { value: 5000, line: 1, texts: ['5s'] }],
        [
          'label',
          {
            value: new Map([
              ['env', 'prod'],
              ['zone', 'a'],
            ]),
            line: 3,
            texts: ['env=prod', 'zone=a'],
          },
        ],
        ['web.listen-address', { value: '[::]:80', line: 6, texts: ['[::]:80'] }],
        ['collector.cpu', { value: false, line: 8, texts: ['false'] }],
        ['collector.text.directory', { value: ['/etc/a', '/etc/b'], line: 11, texts: ['/etc/a', '/etc/b'] }],
      ],
    );
  });

  test('that begin the names of others have a key of their own among those', () => {
    const { options } = read({ collectors: { cpu: { enabled: false, guest: false, info: { depth: 3 } } } });
    assert.deepEqual(
      [...options].map(([name, option]) => [name, option.value]),
      [
        ['collector.cpu', false],
        ['collector.cpu.guest', false],
        ['collector.cpu.info.depth', 3],
      ],
    );
    assert.deepEqual(
      [...read({ collectors: { load: { enabled: false } } }).options.keys()],
      ['collector.load'],
    );
    assert.deepEqual(problems({ collectors: { cpu: { info: 1 } } }), [
      '3: collectors.cpu.info: a map (depth) is needed here, not a single value',
    ]);
  });

  test('are not given by null, nor by an empty file', () => {
    assert.deepEqual(read(null), {
      options: new Map(),
      lines: new Map(),
      values: {},
      problems: [],
      untold: 0,
    });
    const { options } = read({ interval: null, labels: { a: null }, collectors: { cpu: null, load: {} } });
    assert.deepEqual([...options], [['label', { value: new Map(), line: 3, texts: [] }]]);
  });

  test('of a list or a map are told in the line of the wrong one', () => {
    assert.deepEqual(problems({ labels: { a: 'b', host: 'c' } }), [
      '3: labels: host cannot be a label; use interval',
    ]);
    assert.deepEqual(problems({ collectors: { text: { directory: ['a', ['b'], null] } } }), [
      '5: collectors.text.directory[1]: a single value is needed here, not a list',
      '6: collectors.text.directory[2]: a value is needed here',
    ]);
  });
});

describe('sections', () => {
  test('are plain values with keys in camelCase, absent where the file has nothing', () => {
    const { values, lines } = read({
      targets: [
        { job: 'a', urls: 'http://a' },
        { job: 'b', basic_auth: { user_name: 'me', password_file: 'secret' }, follow: false, urls: null },
      ],
    });
    assert.deepEqual(values, {
      targets: [
        { job: 'a', urls: ['http://a'] },
        { job: 'b', basicAuth: { userName: 'me', passwordFile: '/etc/secret' }, follow: false },
      ],
    });
    assert.equal(lines.get('targets[1].basic_auth.password_file'), 7);
  });

  test('tell each mistake with its path, and go on', () => {
    const file = {
      targets: [
        { urls: ['a', { b: 'c' }] },
        { job: null, folow: 'x', basic_auth: { user_name: ['x'], pasword_file: 'a' } },
        { job: 'c', keep: 'a', drop: 'b' },
      ],
    };
    assert.deepEqual(problems(file), [
      '2: targets[0]: job is missing',
      '4: targets[0].urls[1]: a single value is needed here, not a map',
      '5: targets[1].job: a value is needed here',
      '6: unknown key targets[1].folow; did you mean targets[1].follow?',
      '9: targets[1].basic_auth.user_name: a single value is needed here, not a list',
      '10: unknown key targets[1].basic_auth.pasword_file; did you mean targets[1].basic_auth.password_file?',
      '13: targets[2]: keep and drop cannot be given together',
    ]);
  });

  test('are lists of so many items', () => {
    assert.deepEqual(problems({ targets: [{ job: 'a' }, null] }), ['3: targets[1]: the item is empty']);
    assert.deepEqual(problems({ targets: Array(4).fill({ job: 'a' }) }), [
      '2: targets: at most 3 items may stand here, not 4',
    ]);
    assert.deepEqual(problems({ targets: { job: 'a' } }), [
      '2: targets: a list is needed here ("- " begins each of its items), not a map',
    ]);
  });
});

test('a mistake of ours in a parser is passed on', () => {
  const failure = new TypeError('a bug');
  const check = (): string => {
    throw failure;
  };
  const schema = fileSchema({ x: textOption({ help: '', default: '', check }) });
  assert.throws(() => readFileTree(parsed({ x: '1' }), schema, CONTEXT), failure);
});

test('an unknown key is told with what was meant, or with what there is', () => {
  for (const [file, message] of [
    [{ intervall: '1s' }, '1: unknown key intervall; did you mean interval?'],
    [
      { 'web.listen-address': 'a' },
      '1: unknown key web.listen-address; write it as web: {listen_address: …}',
    ],
    [{ '--collector.cpu': 'a' }, '1: unknown key --collector.cpu; write it as collectors: {cpu: …}'],
    [{ listen_address: 'a' }, '1: unknown key listen_address; did you mean web.listen_address?'],
    [{ scrape_interval: '1s' }, '1: unknown key scrape_interval; did you mean interval?'],
    [{ nothing: 'a' }, '1: unknown key nothing; known here: interval, labels, web, collectors, targets'],
    [{ web: { port: 1 } }, '2: unknown key web.port; known here: listen_address'],
    [
      { 'a long name': 1 },
      '1: unknown key "a long name"; known here: interval, labels, web, collectors, targets',
    ],
    [{ web: { '': 1 } }, '2: unknown key "" in web; known here: listen_address'],
    [{ '<<': 1 }, '1: unknown key "<<"; a map cannot be merged into another here, write its keys out'],
  ] as const) {
    assert.deepEqual(problems(file), [message]);
  }
  const many = fileSchema(
    Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`k${i}`, SPECS.interval])),
  );
  assert.equal(
    readFileTree(parsed({ nothing: 1 }), many, CONTEXT).problems[0]?.message,
    'unknown key nothing; known here: k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, …',
  );
});

test('of many mistakes the first hundreds are spelled out, and all are counted', () => {
  const unknown = Object.fromEntries(Array.from({ length: 49_000 }, (_, i) => [`key_${i}`, 1]));
  const context = { resolvePath: (path: string) => path, inFileWords: (message: string) => message };
  const { problems, untold, values } = readFileTree(parsed(unknown), fileSchema(SPECS, {}), context);
  assert.equal(problems.length, 500);
  assert.equal(untold, 48_500);
  assert.match(problems[0]?.message ?? '', /^unknown key key_0;/);
  assert.deepEqual(values, {});
});

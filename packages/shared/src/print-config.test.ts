import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeConfigFile } from './config-file.ts';
import { listOf, objectOf, value } from './config-schema.ts';
import { parsed } from './config-test-support.ts';
import {
  choiceOption,
  durationOption,
  mapOption,
  pathOption,
  resolveOptions,
  switchOption,
  textOption,
  textsOption,
} from './options.ts';
import { printConfig } from './print-config.ts';

const specs = {
  'config.file': pathOption({ help: '', default: '' }),
  'gateway.url': textOption({ help: '', default: '' }),
  interval: durationOption({ help: '', defaultMs: 10_000 }),
  label: mapOption({ help: '', checkKey: () => {} }),
  'collector.cpu': switchOption({ help: '', default: true }),
  'collector.cpu.guest': switchOption({ help: '', default: false }),
  'collector.text.directory': textsOption({ help: '' }),
  'log.level': choiceOption({ help: '', choices: ['info', 'warn'], default: 'info' }),
  'spool.path': pathOption({ help: '', default: './data' }),
  token: { ...textOption({ help: '', default: '' }), isSecret: true },
};

const secret = value({ ...textOption({ help: '', default: '' }), isSecret: true });
const sections = {
  targets: listOf(
    objectOf({
      job: value(textOption({ help: '', default: '' })),
      urls: value(textsOption({ help: '' })),
      basic_auth: objectOf({ username: value(textOption({ help: '', default: '' })), password: secret }),
      ca_file: value(pathOption({ help: '', default: '' })),
      headers: value({ ...mapOption({ help: '', checkKey: () => {} }), isSecret: true }),
    }),
    10,
  ),
};

function print(
  contents: unknown,
  argv: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): string {
  const reading = { tree: parsed(contents), problems: [] };
  const file = takeConfigFile('f.yml', reading, { specs, sections, resolvePath: (path) => path });
  const { origins } = resolveOptions(specs, { argv, env, envPrefix: 'T_', file: file.options });
  const resolvePath = (path: string) => `/cwd/${path}`;
  return printConfig({
    program: 'tributary-x',
    specs,
    origins,
    envPrefix: 'T_',
    file,
    sections,
    resolvePath,
    resolveInFile: (path) => `/file/${path}`,
  });
}

test('each value stands under its key, with where it came from', () => {
  const contents = { interval: '15s', labels: { env: 'prod' }, log: { level: 'warn' } };
  assert.equal(
    print(contents, ['--log.level=info', '--no-collector.cpu'], { T_COLLECTOR_TEXT_DIRECTORY: 'a, b c' }),
    `# The configuration of tributary-x as it is in effect.
gateway:
  url:  # default
interval: 15s  # f.yml:1
labels: { "env": "prod" }  # f.yml:3
collectors:
  cpu:
    enabled: false  # --collector.cpu
    guest: false  # default
  text:
    directory: ["a", "b c"]  # T_COLLECTOR_TEXT_DIRECTORY
log:
  level: info  # --log.level
spool:
  path: /cwd/./data  # default
token:  # default
`,
  );
});

test('no secret is shown, neither an option nor in a section nor in a URL', () => {
  const text = print(
    {
      targets: [
        {
          job: 'a: b',
          urls: ['http://me:hun/ter2@x/', 'http://x/m?token=hunter2&a=b'],
          ca_file: 'ca.pem',
          basic_auth: { username: 'me', password: 'hunter2' },
          headers: { 'X-Key': 'hunter2' },
        },
        { job: 'null', urls: [] },
      ],
    },
    ['--token=hunter2', '--gateway.url=wss://me:hunter2@gateway/'],
  );
  assert.doesNotMatch(text, /hunter2|ter2/);
  assert.match(text, /^token: "<secret>" {2}# --token$/m);
  assert.match(text, /^ {2}url: "wss:\/\/…@gateway\/" {2}# --gateway\.url$/m);
  assert.equal(
    text.slice(text.indexOf('targets:')),
    `targets:  # f.yml:2
  - job: "a: b"
    urls:
      - "http://…@x/"
      - "http://x/m?token=…&a=…"
    ca_file: /file/ca.pem
    basic_auth:
      username: me
      password: "<secret>"
    headers:
      X-Key: "<secret>"
  - job: "null"
    urls: []
`,
  );
});

test('what was printed without its secrets is not taken again', () => {
  const contents = {
    gateway: { url: 'wss://…@gateway/' },
    token: '<secret>',
    targets: [
      { basic_auth: { password: '<secret>' }, headers: { 'X-Key': '<secret>' }, urls: ['http://x/?t=…'] },
    ],
  };
  assert.throws(
    () => print(contents),
    ({ message }: Error) =>
      message.split('\n').every((line) => line.endsWith('has to be put in again')) &&
      message.split('\n').length === 5,
  );
});

test('an empty section is one, and a strange name of the file ends no comment', () => {
  assert.match(print({ targets: [] }), /^targets: \[\] {2}# f\.yml:1$/m);
});

/** What is said of broken files, word for word: one line for each mistake, in the order of the file. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseYaml } from '@tributary/program/yaml-tree';
import { ConfigFileError } from '@tributary/shared/config-file';
import { fileSchema } from '@tributary/shared/config-keys';
import type { ConfigSchema } from '@tributary/shared/config-schema';
import { knownKeys } from '@tributary/shared/config-unknown-key';
import { checkFile, FILE_SECTIONS, OPTION_SPECS } from './config.ts';
import { takeFile } from './config-file.ts';

function mistakesIn(text: string): readonly string[] {
  try {
    checkFile(takeFile('f.yml', parseYaml(text)));
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigFileError, String(error));
    assert.equal(error.message, error.lines.join('\n'));
    return error.lines;
  }
}

/** Flags come and go; the keys that a message lists are those of the map that it is about. */
function keysOf(...path: readonly string[]): string {
  let schema: ConfigSchema = fileSchema(OPTION_SPECS, FILE_SECTIONS);
  for (const key of path) {
    const below: ConfigSchema | undefined = schema.kind === 'object' ? schema.keys[key] : undefined;
    assert.ok(below !== undefined, path.join('.'));
    schema = below;
  }
  assert.ok(schema.kind === 'object');
  return knownKeys(schema);
}

const KNOWN = keysOf();
const INDENTED =
  'no entry can stand here: look at the indentation, and put quotes around a value that has ": " or quotes in it or begins with one of @ ` %';
const EXPECTED =
  'a "key: value" is expected: look at the indentation, and whether this line or the one before lacks a colon or the space after it';
const UNCLOSED = 'a quote, [ or { that was opened before is not closed, or what it encloses is not indented';
const NO_LABEL =
  'cannot be a label; use [a-zA-Z_][a-zA-Z0-9_]*, not __*, host, instance, job, le or quantile';
const NO_DURATION = 'is no duration; write it as 15s, 5m or 1h30m';

/** The file, and what is said of it, each beginning with its line. */
type Case = readonly [text: string, ...mistakes: readonly string[]];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'what is no YAML': [
    ['host: web-1\n\tinterval: 5s\n', '2: a tab cannot indent in YAML; use spaces'],
    ['log:\n\tlevel: info\n', '2: a tab cannot indent in YAML; use spaces'],
    ['host: "web-1\ninterval: 5s\n', `2: ${UNCLOSED}`],
    ["host: 'web-1\ninterval: 5s\n", `2: ${UNCLOSED}`],
    ['labels: {env: prod\ninterval: 5s\n', `2: ${UNCLOSED}`],
    ['host: "web-1', '1: the file ends within quotes'],
    ['labels: {env: prod', '1: the file ends within [ or {'],
    ['labels: {env: prod, zone}\n}', `2: ${EXPECTED}`],
    ['labels: {env: "prod" zone: a}\n', '1: a comma is missing between two entries of [ or {'],
    ['labels: {, env: prod}\n', '1: there is nothing before this comma'],
    ['interval:5s\nhost: web-1\n', `2: ${EXPECTED}`],
    ['spool\n  path: x\n', `2: ${EXPECTED}`],
    ['- host\nhost: a\n', `2: ${EXPECTED}`],
    ['spool:\n  path: a\n   keep_acked: 1h\n', `3: ${INDENTED}`],
    ['spool:\n   path: a\n  keep_acked: 1h\n', `3: ${INDENTED}`],
    ['host: a: b\n', `1: ${INDENTED}`],
    ['host: @web\n', `1: ${INDENTED}`],
    ["host: 'it's'\n", `1: ${INDENTED}`],
    [
      'labels:\n  dir: "C:\\q"\n',
      '2: in double quotes a \\ begins an escape that is not known; write \\\\, or use single quotes',
    ],
    ['host: a\0b\n', '1: there is a NUL character in this line'],
    ['host: a\n---\nhost: b\n', '2: a second document begins here; a file can have only one'],
    ['host: *web\n', '1: this alias has no anchor before it; quote text that begins with *'],
    ['host: !env HOST\n', '1: tags mean nothing here; quote text that begins with !'],
    ['[['.repeat(2000), '1: lists and maps are nested too deeply'],
    ['{"host": "web-1"\n "interval": "5s"}', '2: a comma is missing between two entries of [ or {'],
  ],
  'keys given twice, or that are none': [
    ['host: a\nlog: {level: info}\nhost: b\n', '3: the key "host" was given in line 1 already'],
    ['labels:\n  env: a\n  env: b\n', '3: the key "env" was given in line 2 already'],
    ['{"host": "a",\n"host": "b"}', '2: the key "host" was given in line 1 already'],
    ['? [a, b]\n: c\n', '1: a list cannot be a key'],
    [
      'x: &x {host: a}\n<<: *x\n',
      `1: unknown key x; known here: ${KNOWN}`,
      '2: unknown key "<<"; a map cannot be merged into another here, write its keys out',
    ],
  ],
  'unknown keys': [
    ['hots: a\n', '1: unknown key hots; did you mean host?'],
    ['label: {a: b}\n', '1: unknown key label; did you mean labels?'],
    ['collector: {cpu: true}\n', '1: unknown key collector; did you mean collectors?'],
    ['collectors:\n  cpus: true\n', '2: unknown key collectors.cpus; did you mean collectors.cpu?'],
    [
      'collectors: {vmstat: {field: a}}\n',
      '1: unknown key collectors.vmstat.field; did you mean collectors.vmstat.fields?',
    ],
    [
      'collectors: {loadavg: {qqqqqqqq: 5s}}\n',
      `1: unknown key collectors.loadavg.qqqqqqqq; known here: ${keysOf('collectors', 'loadavg')}`,
    ],
    ['spool: {keep-acked: 1h}\n', '1: unknown key spool.keep-acked; did you mean spool.keep_acked?'],
    ['spool.keep-acked: 1h\n', '1: unknown key spool.keep-acked; write it as spool: {keep_acked: …}'],
    [
      'spool.retention.time: 1h\n',
      '1: unknown key spool.retention.time; write it as spool: {retention: {time: …}}',
    ],
    ['--collector.cpu: false\n', '1: unknown key --collector.cpu; write it as collectors: {cpu: …}'],
    ['retention: {time: 1d}\n', '1: unknown key retention; did you mean spool.retention?'],
    ['token_file: a\n', '1: unknown key token_file; did you mean gateway.token_file?'],
    ['gateway: {token: abc}\n', '1: unknown key gateway.token; known here: url, token_file, tls, proxy_url'],
    ['config: {file: a}\n', '1: unknown key config.file; known here: auto_reload_interval'],
    ['global: {scrape_interval: 15s}\n', `1: unknown key global; known here: ${KNOWN}`],
    ['spool: {"x y": 1}\n', '1: unknown key "x y" in spool; known here: path, retention, keep_acked'],
    ['"ho\\u0000st\\u202e": a\n', '1: unknown key "ho\\u0000st\\u202e"; did you mean host?'],
    ['__proto__: {host: a}\n', `1: unknown key __proto__; known here: ${KNOWN}`],
    ['constructor: 1\n', `1: unknown key constructor; known here: ${KNOWN}`],
  ],
  'lists, maps and values in the wrong place': [
    ['web-1\n', `1: a map (${KNOWN}) is needed here, not a single value`],
    ['- host: a\n', `1: a map (${KNOWN}) is needed here, not a list`],
    ['host: [a]\n', '1: host: a single value is needed here, not a list'],
    ['host:\n  name: a\n', '2: host: a single value is needed here, not a map'],
    ['spool: 5\n', '1: spool: a map (path, retention, keep_acked) is needed here, not a single value'],
    ['spool: {retention: 1d}\n', '1: spool.retention: a map (time, size) is needed here, not a single value'],
    ['labels: env=prod\n', '1: labels: a map is needed here (KEY: VALUE), not a single value'],
    ['labels: [env=prod]\n', '1: labels: a map is needed here (KEY: VALUE), not a list'],
    ['labels:\n  env: [a]\n', '2: labels.env: a single value is needed here, not a list'],
    ['collectors: [cpu]\n', `1: collectors: a map (${keysOf('collectors')}) is needed here, not a list`],
    [
      'collectors: {cpu: [true]}\n',
      `1: collectors.cpu: a single value or a map (${keysOf('collectors', 'cpu')}) is needed here, not a list`,
    ],
    [
      'collectors: {vmstat: {fields: [a, b]}}\n',
      '1: collectors.vmstat.fields: a single value is needed here, not a list',
    ],
    [
      'collectors:\n  textfile:\n    directory: [a,\n      [b]]\n',
      '4: collectors.textfile.directory[1]: a single value is needed here, not a list',
    ],
    [
      'collectors: {textfile: {directory: [a, null]}}\n',
      '1: collectors.textfile.directory[1]: a value is needed here',
    ],
    [
      'collectors: {textfile: {directory: {a: b}}}\n',
      '1: collectors.textfile.directory: a value or a list of values is needed here, not a map',
    ],
  ],
  values: [
    ['interval: 15\n', '1: interval: 15 has no unit; write it as 15s'],
    ['interval: 1.5\n', `1: interval: "1.5" ${NO_DURATION}`],
    ['interval: fast\n', `1: interval: "fast" ${NO_DURATION}`],
    ['interval: true\n', `1: interval: "true" ${NO_DURATION}`],
    [`interval: \${INTERVAL}\n`, `1: interval: "\${INTERVAL}" ${NO_DURATION}`],
    ['interval: 10ms\n', '1: interval: 10ms is too short; at least 100ms is needed'],
    ['spool: {retention: {size: 512}}\n', '1: spool.retention.size: 512 has no unit; write it as 512MB'],
    [
      'spool: {retention: {size: 2 GB}}\n',
      '1: spool.retention.size: "2 GB" is no size; write it as 512MB or 2GB',
    ],
    [
      'spool: {retention: {size: 1KB}}\n',
      '1: spool.retention.size: 1KB is too small; at least 1MB is needed',
    ],
    ['host: a b\n', `1: host: "a b" is not a host name (1 to 253 letters, digits, '.', '-', '_')`],
    ['log: {level: INFO}\n', '1: log.level: "INFO" is none of debug, info, warn, error'],
    ['gateway: {url: http://gw}\n', '1: gateway.url: "http://gw" is not a ws:// or wss:// URL; use ws://gw'],
    [
      'gateway: {url: ws://a:b@gw}\n',
      '1: gateway.url: a URL must not carry credentials; use gateway.token_file',
    ],
    ['collectors: {cpu: yes}\n', '1: collectors.cpu: "yes" is neither true nor false'],
    ['labels:\n  env: prod\n  job: a\n', `3: labels: "job" ${NO_LABEL}`],
    ['labels: {a=b: c}\n', '1: labels: "a=b" cannot be a key here'],
    ['labels: {"": c}\n', '1: labels: "" cannot be a key here'],
    [
      `labels: {env: ${'x'.repeat(2049)}}\n`,
      '1: labels: the value of env must be text of at most 2048 characters',
    ],
    [
      'collectors:\n  arp:\n    device_exclude: a\n    device_include: b\n',
      '4: collectors.arp.device_include and collectors.arp.device_exclude cannot be given together',
    ],
  ],
  'several mistakes': [
    [
      'log: {level: loud, formt: json}\nhots: a\nspool:\n  path: a\n  path: b\ninterval: 1\n',
      '1: log.level: "loud" is none of debug, info, warn, error',
      '1: unknown key log.formt; did you mean log.format?',
      '2: unknown key hots; did you mean host?',
      '5: the key "path" was given in line 4 already',
      '6: interval: 1 has no unit; write it as 1s',
    ],
    [
      'collectors:\n  cpu:\n    guest: maybe\n    info: {flags_include: "("}\n  cpus: 1\n',
      '3: collectors.cpu.guest: "maybe" is neither true nor false',
      '4: collectors.cpu.info.flags_include: "(" is no regular expression',
      '5: unknown key collectors.cpus; did you mean collectors.cpu?',
    ],
  ],
};

for (const [what, cases] of Object.entries(CASES)) {
  describe(what, () => {
    for (const [text, ...mistakes] of cases) {
      test(JSON.stringify(text.slice(0, 60)), () => {
        assert.deepEqual(
          mistakesIn(text),
          mistakes.map((mistake) => `f.yml:${mistake}`),
        );
      });
    }
  });
}

test('of many mistakes the first are told', () => {
  const lines = mistakesIn(Array.from({ length: 30 }, (_, i) => `x${i}: 1`).join('\n'));
  assert.equal(lines.length, 21);
  assert.equal(lines[19], `f.yml:20: unknown key x19; known here: ${KNOWN}`);
  assert.equal(lines[20], 'f.yml: and 10 mistakes more');
});

test('a message is one line, of bearable length, without what a terminal would obey', () => {
  const [line = '', ...others] = mistakesIn(`host: "\\e[31m\\n${'x'.repeat(100_000)}"\n`);
  assert.deepEqual(others, []);
  assert.ok(line.length < 500);
  assert.match(line, /^f\.yml:1: host: "\\u001b\[31m\\nxx/);
});

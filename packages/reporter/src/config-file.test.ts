import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { parseYaml } from '@tributary/program/yaml-tree';
import { ConfigFileError } from '@tributary/shared/config-file';
import { fileKey } from '@tributary/shared/config-keys';
import { OptionError, type OptionSpec } from '@tributary/shared/options';
import { ENV_PREFIX, OPTION_SPECS, type ReporterOptions, readOptions } from './config.ts';
import { checkConfig, loadOptions, printConfig, takeFile } from './config-file.ts';

const FILE = '/etc/tributary/reporter.yml';

/** What the reporter makes of a file, and of flags and environment beside it. */
function read(
  text: string,
  argv: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ReporterOptions {
  return readOptions(['--host=h', ...argv], env, takeFile(FILE, parseYaml(text)));
}

function written(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'reporter-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'reporter.yml');
  writeFileSync(file, text);
  return file;
}

describe('precedence', () => {
  const text = 'interval: 20s\nlabels: {env: file}\nlog: {level: debug}\n';

  test('is flag, environment, file, default', () => {
    const env = { [`${ENV_PREFIX}INTERVAL`]: '30s', [`${ENV_PREFIX}LOG_LEVEL`]: 'warn' };
    assert.equal(read(text).interval, 20_000);
    assert.equal(read(text, [], env).interval, 30_000);
    assert.equal(read(text, ['--interval=40s'], env).interval, 40_000);
    assert.equal(read(text, ['--interval=40s']).interval, 40_000);
    assert.equal(read('', ['--interval=40s'], env)['log.level'], 'warn');
    assert.equal(read('').interval, 10_000);
  });

  test('is of a whole option: labels of a flag take the place of those of the file', () => {
    assert.deepEqual([...read(text).label], [['env', 'file']]);
    assert.deepEqual([...read(text, ['--label', 'zone=a']).label], [['zone', 'a']]);
  });

  test('is of each collector by itself', () => {
    const { collectors } = read('collectors: {cpu: false, ksmd: true, loadavg: false}\n', [
      '--collector.cpu',
    ]);
    assert.deepEqual(
      ['cpu', 'ksmd', 'loadavg', 'meminfo'].map((name) => collectors.get(name)),
      [true, true, false, true],
    );
  });

  test('does not excuse a mistake in the file', () => {
    assert.throws(() => read('interval: 5\n', ['--interval=40s']), {
      message: `${FILE}:1: interval: 5 has no unit; write it as 5s`,
    });
  });

  test('lets a flag contradict the file, which is told with its line', () => {
    assert.throws(
      () => read('collectors:\n  arp:\n    device_include: a\n', ['--collector.arp.device-exclude=b']),
      (error: Error) => {
        assert.ok(error instanceof ConfigFileError);
        assert.deepEqual(error.lines, [
          `${FILE}:3: --collector.arp.device-include and --collector.arp.device-exclude cannot be given together`,
        ]);
        return true;
      },
    );
  });
});

describe('a file', () => {
  test('that is empty, or whose values are, gives nothing', () => {
    const defaults = readOptions(['--host=h'], {});
    const blank =
      'host:\ninterval: ~\nlabels: {env: null}\nspool:\n  path:\ncollectors: {cpu: }\nlog: null\n';
    for (const text of ['', '# nothing\n', '{}\n', '---\n', 'null\n', blank]) {
      assert.deepEqual(read(text), defaults, JSON.stringify(text));
    }
  });

  test('has texts as they are written, and true and false as YAML has them', () => {
    const { label, collectors } = read(
      'labels: {zone: 1.10, rack: 007, on: True, note: "a=b"}\ncollectors: {cpu: FALSE}\n',
    );
    assert.deepEqual(Object.fromEntries(label), { zone: '1.10', rack: '007', on: 'True', note: 'a=b' });
    assert.equal(collectors.get('cpu'), false);
  });

  test('can say on and off beside the options of a collector', () => {
    const options = read(
      'collectors:\n  cpu: {enabled: false, guest: false, info: true}\n  vmstat: {fields: ^pg}\n  systemd: {enabled: true}\n',
    );
    assert.equal(options.collectors.get('cpu'), false);
    assert.equal(options.collectorSettings['collector.cpu.guest'], false);
    assert.equal(options.collectorSettings['collector.cpu.info'], true);
    assert.equal(options.collectors.get('vmstat'), true);
    assert.deepEqual(options.collectorSettings['collector.vmstat.fields'], /^pg/);
    assert.equal(options.collectors.get('systemd'), true);
    assert.equal(read('collectors: {loadavg: {enabled: false}}\n').collectors.get('loadavg'), false);
  });

  test('names paths from its own folder', () => {
    const options = read(
      'gateway: {token_file: token}\nspool: {path: ../data}\npath: {rootfs: /host}\ncollectors: {textfile: {directory: [texts/*, /var/texts]}}\n',
    );
    assert.equal(options['gateway.token-file'], '/etc/tributary/token');
    assert.equal(options['spool.path'], '/etc/data');
    assert.equal(options['path.rootfs'], '/host');
    assert.deepEqual(options.collectorSettings['collector.textfile.directory'], [
      '/etc/tributary/texts/*',
      '/var/texts',
    ]);
    assert.equal(read('gateway: {token_file: ""}\n')['gateway.token-file'], '');
    assert.equal(read('', ['--spool.path=data'])['spool.path'], 'data');
  });

  test('is found by flag and environment', async (t) => {
    const file = written(t, 'interval: 20s\nspool: {path: data}\n');
    const byFlag = await loadOptions(['--host=h', '--config.file', file], {});
    assert.equal(byFlag.interval, 20_000);
    assert.equal(byFlag['spool.path'], resolve(file, '../data'));
    const byEnv = await loadOptions(['--host=h'], { [`${ENV_PREFIX}CONFIG_FILE`]: file });
    assert.equal(byEnv.interval, 20_000);
    assert.equal((await loadOptions(['--host=h'], {})).interval, 10_000);
    await assert.rejects(loadOptions(['--config.file', `${file}.none`], {}), {
      message: `${file}.none: the file cannot be read: there is none`,
    });
  });

  test('is checked alone', async (t) => {
    const good = written(t, 'host: web-1\n');
    assert.equal(await checkConfig([good]), `${good} is valid`);
    const bad = written(t, 'hots: web-1\n');
    await assert.rejects(checkConfig([bad]), { message: `${bad}:1: unknown key hots; did you mean host?` });
    for (const argv of [[], [''], [good, bad]]) {
      await assert.rejects(checkConfig(argv), new OptionError('check-config takes the name of one file'));
    }
  });
});

/** What flags of a kind may be given, other than any default; others take any text. */
const SAMPLES: Readonly<Record<string, string>> = {
  DURATION: '17m',
  SIZE: '77MB',
  NUMBER: '7',
  REGEXP: '^x(y|z)[0-9]+$',
  URL: 'wss://gw.example/x?y=1',
  NAME: 'web-9',
  FILE: '/a/b c',
  DIR: '/a/b c',
  DIRECTORY: '/a/b c',
  LABELS: 'proto',
  'HOST:PORT': '127.0.0.1:9099',
  'BOUND,…': '1,2',
  PATH: '/a/b c',
  'KEY=VALUE': 'env=a: b',
  'PROXY-URL': 'http://me:pw@proxy:3128',
  PIN: `sha256/${'A'.repeat(43)}=`,
};

/** What some flags cannot be without. */
const BESIDE: Readonly<Record<string, string>> = {
  'gateway.tls.cert-file': '--gateway.tls.key-file=/k',
  'gateway.tls.key-file': '--gateway.tls.cert-file=/c',
  'gateway.tls.pin-only': `--gateway.tls.pin=sha256/${'A'.repeat(43)}=`,
};

function besides(name: string): string[] {
  const host = name === 'host' ? [] : ['--host=h'];
  const url = name.startsWith('gateway.tls.') ? ['--gateway.url=wss://gw'] : [];
  const other = BESIDE[name];
  return [...host, ...url, ...(other === undefined ? [] : [other])];
}

function sampleOf(spec: OptionSpec<unknown>): string {
  if (spec.placeholder === '') return String(spec.defaultValue === false);
  const choice = spec.placeholder.split('|').findLast((word) => word !== spec.defaultText);
  return SAMPLES[spec.placeholder] ?? (spec.placeholder.includes('|') ? choice : undefined) ?? 'sample';
}

/** The file that says the same as one flag. */
function fileOf(name: string, spec: OptionSpec<unknown>, text: string): string {
  const leaf =
    spec.isMap === true ? { [text.slice(0, text.indexOf('='))]: text.slice(text.indexOf('=') + 1) } : text;
  const keys = fileKey(name, spec).split('.');
  return JSON.stringify(keys.reduceRight<unknown>((below, key) => ({ [key]: below }), leaf));
}

describe('every flag', () => {
  const options = Object.entries(OPTION_SPECS).filter(([name]) => name !== 'config.file');

  test('can stand in a file, and means the same there', () => {
    for (const [name, spec] of options) {
      const text = sampleOf(spec);
      const flag = spec.placeholder === '' ? [`--${name}=${text}`] : [`--${name}`, text];
      const others = besides(name);
      const byFlag = readOptions([...others, ...flag], {});
      const byFile = readOptions(others, {}, takeFile(FILE, parseYaml(fileOf(name, spec, text))));
      assert.deepEqual(byFile, byFlag, name);
      assert.notDeepEqual(Object.entries(byFile).find(([key]) => key === name)?.[1], spec.defaultValue, name);
    }
  });

  test('is printed as a file that says the same, but for secrets', async () => {
    for (const [name, spec] of options) {
      const text = sampleOf(spec);
      const folder = name === 'spool.path' ? [] : ['--spool.path=/var/lib/x'];
      const others = [...besides(name), ...folder];
      const flag = spec.placeholder === '' ? [`--${name}=${text}`] : [`--${name}`, text];
      const printed = await printConfig([...others, ...flag], {});
      const key = fileKey(name, spec).split('.').at(-1);
      assert.match(
        printed,
        new RegExp(`(${key}|enabled): .*  # --${name.replaceAll('.', '\\.')}$`, 'm'),
        name,
      );
      if (text.includes(':pw@') || text.includes('?y=1')) {
        assert.doesNotMatch(printed, /:pw@|y=1/);
        continue;
      }
      const again = readOptions([], {}, takeFile(FILE, parseYaml(printed)));
      assert.deepEqual(again, readOptions([...others, ...flag], {}), name);
    }
  });

  test('is one key, of letters that need no quotes', () => {
    const keys = options.map(([name, spec]) => fileKey(name, spec));
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) assert.match(key, /^[a-z]\w*(\.[a-z]\w*)*$/i);
  });
});

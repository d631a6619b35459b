/** The reporter's configuration file, as a person meets it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { Child } from './support/child.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { commandLine, Gateway, REPOSITORY, runToEnd } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

async function written(t: TestContext, text: string): Promise<string> {
  const file = join(await tempDir(t), 'reporter.yml');
  await writeFile(file, text);
  return file;
}

test('a reporter runs from a file alone', async (t) => {
  await using gateway = await Gateway.start(t);
  const exporter = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('demo_total 7\n');
  }).listen(0, '127.0.0.1');
  t.after(() => exporter.close());
  await once(exporter, 'listening');
  const file = await written(
    t,
    `# a host of the test
gateway: {url: ${gateway.streamUrl}}
host: web-9
interval: 1s
labels: {env: prod, rack: 007}
spool: {path: spool}
collectors:
  cpu: false
  vmstat: {fields: ^pgfault$}
targets:
  - job: demo
    urls: [http://127.0.0.1:${(exporter.address() as AddressInfo).port}/metrics]
`,
  );
  await using reporter = await Child.spawn(t, commandLine('reporter', ['--config.file', file]));
  const samples = await eventually('the host is served', async () => {
    const found = readExposition((await gateway.metrics()).body).samples;
    const isThere = (wanted: string) => found.some(({ name }) => name === wanted);
    return isThere('node_load1') && isThere('demo_total') && found;
  });
  const load = samples.find(({ name }) => name === 'node_load1');
  assert.equal(load?.labels['host'], 'web-9');
  assert.equal(load?.labels['env'], 'prod');
  assert.equal(load?.labels['rack'], '007');
  const names = new Set(samples.map(({ name }) => name));
  assert.ok(!names.has('node_cpu_seconds_total'));
  assert.deepEqual(
    [...names].filter((name) => name.startsWith('node_vmstat_')),
    ['node_vmstat_pgfault'],
  );
  assert.equal(samples.find(({ name }) => name === 'demo_total')?.labels['job'], 'demo');
  // Beside the file, wherever it was started.
  await access(join(file, '../spool/spool.sqlite'));
  assert.deepEqual(await reporter.end('SIGTERM'), { code: 0, signal: null });
});

test('check-config says that a file is valid, or each mistake with its line', async (t) => {
  const good = await written(t, '{"interval": "5s"}\n');
  assert.deepEqual(await runToEnd(t, 'reporter', ['check-config', good]), {
    code: 0,
    signal: null,
    stdout: [`${good} is valid`],
    stderr: [],
  });
  const bad = await written(t, 'interval: 5\nspool:\n  keep-acked: 1h\n');
  const told = [
    `${bad}:1: interval: 5 has no unit; write it as 5s`,
    `${bad}:3: unknown key spool.keep-acked; did you mean spool.keep_acked?`,
  ];
  const checked = await runToEnd(t, 'reporter', ['check-config', bad]);
  assert.deepEqual(checked, { code: 1, signal: null, stdout: [], stderr: told });
  const started = await runToEnd(t, 'reporter', ['--config.file', bad]);
  const stderr = told.map((line) => `tributary-reporter: ${line}`);
  assert.deepEqual(started, { code: 1, signal: null, stdout: [], stderr });
});

test('the example of the documentation is valid', async (t) => {
  const page = await readFile(join(REPOSITORY, 'docs/CONFIGURATION.md'), 'utf8');
  const [, example = ''] = /\n## An example\n\n```yaml\n(.*?)```/s.exec(page) ?? [];
  assert.match(example, /^gateway:/);
  const file = await written(t, example);
  const { stdout } = await runToEnd(t, 'reporter', ['check-config', file]);
  assert.deepEqual(stdout, [`${file} is valid`]);
});

test('once takes a file, and flags before it', async (t) => {
  const file = await written(t, 'collectors: {loadavg: true, uname: false, meminfo: false}\n');
  const args = ['once', '--config.file', file, '--no-collector.loadavg', '--collector.meminfo'];
  const { code, stdout } = await runToEnd(t, 'reporter', args);
  assert.equal(code, 0);
  const has = (name: string) => stdout.some((line) => line.startsWith(name));
  assert.deepEqual([has('node_load1'), has('node_uname_info'), has('node_memory_')], [false, false, true]);
});

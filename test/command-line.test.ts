/** What a person meets at the command line: one clear line for each mistake, and a clean end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { promtoolCheck } from './support/openmetrics.ts';
import { without } from './support/peers.ts';
import { type Ended, Gateway, LISTENING, Reporter, runToEnd } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

/** The promise to whoever stops a program. */
const STOP_MS_MAX = 5000;
const NOWHERE = 'ws://127.0.0.1:9/v1/stream';

/** Exit 1, nothing on stdout, one line on stderr that says what is wrong. */
function assertOneLine(ended: Ended, pattern: RegExp): void {
  assert.deepEqual(
    { code: ended.code, stdout: ended.stdout, lines: ended.stderr.length },
    { code: 1, stdout: [], lines: 1 },
    ended.stderr.join('\n'),
  );
  assert.match(ended.stderr[0] ?? '', pattern);
}

/** A folder that nobody can make, root neither: its parent is a file. */
async function impossibleFolder(t: TestContext): Promise<string> {
  const file = join(await tempDir(t), 'file');
  await writeFile(file, '');
  return join(file, 'data');
}

for (const program of ['gateway', 'reporter'] as const) {
  test(`${program}: an unknown flag is named, with its nearest neighbour`, async (t) => {
    assertOneLine(await runToEnd(t, program, ['--log.levle', 'info']), /--log\.levle.*--log\.level/);
  });

  test(`${program}: an unknown command is named`, async (t) => {
    assertOneLine(await runToEnd(t, program, ['swerve']), /swerve/);
  });

  test(`${program}: --version and --help`, async (t) => {
    const version = await runToEnd(t, program, ['--version']);
    assert.deepEqual([version.code, version.stderr], [0, []]);
    assert.match(version.stdout.join('\n'), /\d+\.\d+\.\d+/);
    const help = await runToEnd(t, program, ['--help']);
    assert.deepEqual([help.code, help.stderr], [0, []]);
    const flags =
      program === 'gateway' ? ['--web.listen-address', '--storage.path'] : ['--gateway.url', '--spool.path'];
    for (const flag of flags) assert.ok(help.stdout.join('\n').includes(flag), flag);
  });
}

test('reporter: a --label that hides a label of the collectors is named', async (t) => {
  const args = ['--label', 'mode=x', '--label', 'env=prod'];
  const reporter = await Reporter.start(t, { gatewayUrl: NOWHERE, host: 'web-1', args });
  const warnings = () => reporter.log.filter((line) => line.includes('--label'));
  await eventually('the first tick was taken', () => warnings().length > 0);
  assert.equal(warnings().length, 1);
  assert.match(warnings()[0] ?? '', /"level":"warn".*"label":"mode","renamed":"exported_mode"/);
});

test('gateway: a bad listen address', async (t) => {
  const args = ['--storage.path', await tempDir(t), '--web.listen-address', '127.0.0.1:99999'];
  assertOneLine(await runToEnd(t, 'gateway', args), /127\.0\.0\.1:99999/);
});

test('gateway: a port in use', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ['--storage.path', await tempDir(t), '--web.listen-address', address];
  const ended = await runToEnd(t, 'gateway', args);
  assertOneLine(ended, /in use/i);
  assert.ok(ended.stderr[0]?.includes(address), ended.stderr[0]);
});

test('gateway: a data folder that cannot be written', async (t) => {
  const folder = await impossibleFolder(t);
  const args = ['--storage.path', folder, '--web.listen-address', '127.0.0.1:0'];
  const ended = await runToEnd(t, 'gateway', args);
  assertOneLine(ended, /folder|director|storage\.path/i);
  assert.ok(ended.stderr[0]?.includes(folder), ended.stderr[0]);
});

test('reporter: a spool folder that cannot be written', async (t) => {
  const folder = await impossibleFolder(t);
  const ended = await runToEnd(t, 'reporter', ['--gateway.url', NOWHERE, '--spool.path', folder]);
  assertOneLine(ended, /folder|director|spool\.path/i);
  assert.ok(ended.stderr[0]?.includes(folder), ended.stderr[0]);
});

test('reporter: bad values are named with their flag', async (t) => {
  const spool = ['--spool.path', join(await tempDir(t), 'spool')];
  const cases: [args: readonly string[], pattern: RegExp][] = [
    [['--gateway.url', 'http://127.0.0.1:1'], /gateway\.url/],
    [['--gateway.url', NOWHERE, '--interval', 'soon'], /interval.*soon/],
    [['--gateway.url', NOWHERE, '--host', 'a b'], /host.*a b/],
  ];
  for (const [args, pattern] of cases)
    assertOneLine(await runToEnd(t, 'reporter', [...args, ...spool]), pattern);
});

test('reporter: once prints an exposition, needing no gateway', { skip: without('PROMTOOL') }, async (t) => {
  const ended = await runToEnd(t, 'reporter', ['once', '--host', 'web-1']);
  assert.equal(ended.code, 0, ended.stderr.join('\n'));
  const body = `${ended.stdout.join('\n')}\n`;
  assert.deepEqual((await promtoolCheck(body)).errors, []);
  assert.ok(readExposition(body).samples.some(({ name }) => name === 'node_boot_time_seconds'));
});

test('SIGTERM and SIGINT end both programs within 5 s, exit code 0', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    await using gateway = await Gateway.start(t);
    await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: 'web-1' });
    await eventually('the host is served', async () =>
      (await gateway.metrics()).body.includes('node_load1{'),
    );
    assert.deepEqual(
      await gateway.kill(signal, STOP_MS_MAX),
      { code: 0, signal: null },
      `gateway, ${signal}`,
    );
    // Now it has lost its gateway, which must not keep it.
    assert.deepEqual(
      await reporter.kill(signal, STOP_MS_MAX),
      { code: 0, signal: null },
      `reporter, ${signal}`,
    );
  }
});

test('the gateway prints one line on stdout and logs on stderr', async (t) => {
  await using gateway = await Gateway.start(t);
  assert.equal(gateway.output.length, 1);
  assert.match(gateway.output[0] ?? '', LISTENING);
  // As Prometheus is told to read its files again; it must not end for that.
  process.kill(gateway.pid, 'SIGHUP');
  await eventually('the gateway has read its configuration anew', () =>
    gateway.log.some((line) => line.includes('SIGHUP') && line.includes('read anew')),
  );
  assert.deepEqual(await gateway.kill('SIGTERM'), { code: 0, signal: null });
  assert.equal(gateway.output.length, 1);
  for (const line of gateway.log) assert.doesNotThrow(() => JSON.parse(line), line);
});

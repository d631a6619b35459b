/** The listener with its groups and its file: real sockets, a real folder. What it refuses is in push-server.test.ts. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keepingLog, ownOf, told, until } from '../test-support.ts';
import { PushFeed, type PushFeedOptions } from './push-feed.ts';

const START = 1_790_000_000_000;

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'push-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

class Setup {
  readonly log = keepingLog();
  readonly feed: PushFeed;
  mono = 1_000_000;

  constructor(t: TestContext, options: Partial<PushFeedOptions> & Pick<PushFeedOptions, 'folder'>) {
    this.feed = new PushFeed({
      address: { host: '127.0.0.1', port: 0 },
      expireAfterMs: 0,
      host: 'web-1',
      statics: new Map(),
      takenJobs: ['node'],
      log: this.log,
      monotonic: () => 0,
      cpuMs: () => 0,
      moment: () => ({ now: START + this.mono, mono: this.mono }),
      saveDelaysMs: { first: 0, next: 0 },
      ...options,
    });
    t.after(() => this.feed.stop());
  }

  static async start(
    t: TestContext,
    options: Partial<PushFeedOptions> & Pick<PushFeedOptions, 'folder'>,
  ): Promise<Setup> {
    const setup = new Setup(t, options);
    setup.feed.start();
    await until(() => setup.feed.port !== null);
    return setup;
  }

  async push(method: string, path: string, body?: string): Promise<number> {
    const url = `http://127.0.0.1:${this.feed.port}/metrics${path}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
    await response.text();
    return response.status;
  }

  /** Without the times of the groups. */
  shown(): string[] {
    return told(this.feed, this.mono).filter((line) => !line.startsWith('push_'));
  }
}

const RICH = `# HELP h A \\\\ and\\na line.
# TYPE h histogram
h_bucket{le="1",q="a\\"b\\\\c\\nd"} 1
h_bucket{le="+Inf",q="a\\"b\\\\c\\nd"} 2
h_sum{q="a\\"b\\\\c\\nd"} 0.1
h_count{q="a\\"b\\\\c\\nd"} 2
n{instance="other"} NaN
n 1e300
i +Inf
j -Inf
`;

test('groups are told at every tick, and survive a restart', async (t) => {
  const folder = temporaryFolder(t);
  const first = await Setup.start(t, { folder });
  assert.equal(await first.push('PUT', '/job/a/x@base64/L3Zhcg', RICH), 200);
  assert.equal(await first.push('POST', '/job/b', 'y 1\n'), 200);
  assert.equal(await first.push('POST', '/job/b', 'y 1 5\n'), 400);
  const before = told(first.feed);
  assert.equal(before.length, 8 + 1 + 4);
  assert.deepEqual(told(first.feed), before);
  await first.feed.stop();
  const path = join(folder, 'pushed-groups.jsonl');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const second = await Setup.start(t, { folder });
  assert.deepEqual(told(second.feed), before);
  assert.equal(second.log.lines.filter((line) => line.startsWith('info pushed groups are back')).length, 1);
  assert.equal(await second.push('DELETE', '/job/a/x@base64/L3Zhcg'), 202);
  assert.equal(await second.push('DELETE', '/job/none'), 202);
  await second.feed.stop();
  const third = await Setup.start(t, { folder });
  assert.deepEqual(third.shown(), ['y{job=b} 1']);
});

test('what was taken is on the disk soon, without an orderly end', async (t) => {
  const folder = temporaryFolder(t);
  const setup = await Setup.start(t, { folder });
  await setup.push('POST', '/job/a', 'x 1\n');
  const path = join(folder, 'pushed-groups.jsonl');
  await until(
    () => readdirSync(folder).includes('pushed-groups.jsonl') && readFileSync(path, 'utf8').includes('x 1'),
  );
  await setup.push('POST', '/job/a', 'x 2\n');
  await until(() => readFileSync(path, 'utf8').includes('x 2'));
  // Nothing that a writing needed is left behind.
  await until(() => readdirSync(folder).join() === 'pushed-groups.jsonl');
});

test('a push that changes nothing writes nothing', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'pushed-groups.jsonl');
  const setup = await Setup.start(t, { folder });
  await setup.push('POST', '/job/a', 'x 1\n');
  await until(() => existsSync(path));
  rmSync(path);
  assert.equal(await setup.push('POST', '/job/a', 'no text of metrics\n'), 400);
  assert.equal(await setup.push('POST', '/job/node', 'x 1\n'), 400);
  // Whatever is not written yet is by the end.
  await setup.feed.stop();
  assert.deepEqual(readdirSync(folder), []);
});

test('a damaged file is set aside, and what is sound of it is kept', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'pushed-groups.jsonl');
  const first = await Setup.start(t, { folder });
  await first.push('POST', '/job/a', 'x 1\n');
  await first.push('POST', '/job/b', 'x 1\n');
  await first.feed.stop();
  const whole = readFileSync(path, 'utf8');
  const [head = '', a = '', b = '', end = ''] = whole.split('\n');
  const damages: Record<string, { text: string; kept: readonly string[]; fault: RegExp }> = {
    'cut in its last line': { text: whole.slice(0, -5), kept: ['a', 'b'], fault: /no JSON object/ },
    'cut in a group': { text: whole.slice(0, -20), kept: ['a'], fault: /no JSON object/ },
    'cut between lines': { text: `${head}\n${a}\n`, kept: ['a'], fault: /ends in the middle/ },
    'a line lost': { text: `${head}\n${a}\n${end}\n`, kept: ['a'], fault: /1 of 2 groups/ },
    garbled: {
      text: `${head}\n${a}\n${b.replace('x 1', 'x one')}\n${end}\n`,
      kept: ['a'],
      fault: /no number/,
    },
    'no group': { text: `${head}\n{"labels":{"x":"y"}}\n${b}\n${end}\n`, kept: [], fault: /is no group/ },
    'another program’s': { text: '{"some":"thing"}\n', kept: [], fault: /first line/ },
    empty: { text: '', kept: [], fault: /ends in the middle/ },
    'a group that may not be': {
      text: `${head}\n${a.replace('"job":"a"', '"job":"node"')}\n${b}\n${end}\n`,
      kept: ['b'],
      fault: /reporter's own/,
    },
  };
  for (const [name, { text, kept, fault }] of Object.entries(damages)) {
    for (const left of readdirSync(folder)) rmSync(join(folder, left));
    writeFileSync(path, text);
    const setup = await Setup.start(t, { folder });
    assert.deepEqual(
      setup.shown(),
      kept.map((job) => `x{job=${job}} 1`),
      name,
    );
    const said = setup.log.lines.filter((line) => line.startsWith('error'));
    assert.equal(said.length, 1, name);
    assert.match(said[0] ?? '', fault, name);
    const [aside = ''] = readdirSync(folder).filter((file) => file.includes('.damaged-'));
    assert.equal(readFileSync(join(folder, aside), 'utf8'), text, name);
    await setup.feed.stop();
    const again = await Setup.start(t, { folder });
    assert.deepEqual(
      again.shown(),
      kept.map((job) => `x{job=${job}} 1`),
      name,
    );
    assert.deepEqual(
      again.log.lines.filter((line) => line.startsWith('error')),
      [],
      name,
    );
    await again.feed.stop();
  }
});

test('whatever a label may hold comes back, and the groups behind it', async (t) => {
  const folder = temporaryFolder(t);
  const first = await Setup.start(t, { folder });
  const odd = 'a\u2028b\u2029c\u0085d\re';
  await first.push('POST', '/job/a', `x{q="${odd}"} 1\n`);
  await first.push('POST', '/job/b', 'x 1\n');
  const shown = first.shown();
  assert.deepEqual(shown, [`x{job=a,q=${odd}} 1`, 'x{job=b} 1']);
  await first.feed.stop();
  const second = await Setup.start(t, { folder });
  assert.deepEqual(second.shown(), shown);
  await second.feed.stop();
});

test('refusals cannot fill the log, whatever jobs they name', async (t) => {
  const setup = await Setup.start(t, { folder: temporaryFolder(t) });
  const refusals = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await setup.push('POST', `/job/${i}`, 'no text of metrics\n');
    return setup.log.lines.filter((line) => line.startsWith('warn')).length;
  };
  assert.equal(await refusals(0, 260), 256);
  setup.mono += 3_600_000;
  assert.equal(await refusals(260, 262), 258);
});

test('one writing at a time, however slow the disk', async (t) => {
  const folder = temporaryFolder(t);
  const setup = await Setup.start(t, { folder });
  for (let i = 0; i < 150; i++) await setup.push('POST', '/job/a', `x ${i}\n`);
  await setup.feed.stop();
  assert.equal((await ownOf(setup.feed)).get('push_failed_saves_total'), 0);
  assert.match(readFileSync(join(folder, 'pushed-groups.jsonl'), 'utf8'), /x 149\\n/);
});

test('groups expire when that was asked for, also over a restart', async (t) => {
  const folder = temporaryFolder(t);
  const first = await Setup.start(t, { folder, expireAfterMs: 60_000 });
  await first.push('POST', '/job/a', 'x 1\n');
  first.mono += 40_000;
  await first.push('POST', '/job/b', 'x 1\n');
  assert.equal(first.shown().length, 2);
  await first.feed.stop();
  const second = new Setup(t, { folder, expireAfterMs: 60_000 });
  second.mono = first.mono + 20_000;
  second.feed.start();
  await until(() => second.feed.port !== null);
  assert.equal(second.shown().length, 2);
  second.mono += 1;
  assert.deepEqual(second.shown(), ['x{job=b} 1']);
  assert.equal((await ownOf(second.feed)).get('push_expired_groups_total'), 1);
});

test('a port that is taken is said once, and costs nothing else', async (t) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const setup = new Setup(t, { folder: temporaryFolder(t), address: { host: '127.0.0.1', port } });
  setup.feed.start();
  await until(() => setup.log.lines.length > 0);
  assert.match(setup.log.lines.join('\n'), /^error cannot listen for pushes; it is tried again .*EADDRINUSE/);
  assert.deepEqual(told(setup.feed), []);
  assert.equal((await ownOf(setup.feed)).get('push_listening'), 0);
});

test('a listener that is stopped while it fails leaves no timer', async (t) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const stopped = Promise.withResolvers<void>();
  const log = { ...keepingLog(), error: () => stopped.resolve(feed.stop()) };
  const { feed } = new Setup(t, {
    folder: temporaryFolder(t),
    address: { host: '127.0.0.1', port },
    log,
  });
  feed.start();
  await stopped.promise;
  assert.equal(timers(), before);
});

test('a folder that cannot be written to is said once and counted; pushes are taken all the same', async (t) => {
  const folder = temporaryFolder(t);
  const setup = await Setup.start(t, { folder });
  rmSync(folder, { recursive: true });
  const failures = async () => (await ownOf(setup.feed)).get('push_failed_saves_total') ?? 0;
  await setup.push('POST', '/job/a', 'x 1\n');
  await until(async () => (await failures()) > 1);
  assert.deepEqual(setup.shown(), ['x{job=a} 1']);
  assert.equal(setup.log.lines.filter((line) => line.includes('cannot be kept on disk')).length, 1);
});

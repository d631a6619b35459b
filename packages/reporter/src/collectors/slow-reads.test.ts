import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Collector, NoDataError } from './collector.ts';
import { Lane, SlowReads, withSlowReads } from './slow-reads.ts';
import { readAttribute } from './sysfs.ts';
import { renderOnce, samplesOf } from './test-support.ts';

/** Files of which reading takes the time given, on a clock of its own; later reads end when the test says so. */
function slowHost(timesMs: Readonly<Record<string, number>>, waitMs = 10_000) {
  let nowMs = 0;
  const later: { path: string; answer(text: string | Error): void }[] = [];
  const readNow: string[] = [];
  const take = (path: string) => {
    nowMs += timesMs[path] ?? 0;
  };
  return {
    readNow,
    later,
    options: {
      monotonic: () => nowMs,
      waitMs,
      readNow: (path: string) => {
        readNow.push(path);
        take(path);
        return `${path} now`;
      },
      readLater: (path: string) =>
        new Promise<string>((resolve, reject) => {
          later.push({
            path,
            answer(answer) {
              take(path);
              if (answer instanceof Error) reject(answer);
              else resolve(answer);
            },
          });
        }),
    },
  };
}

/** Tells which of these files answer. */
function attributesOf(...paths: readonly string[]): Collector {
  return {
    name: 'x',
    collect(out) {
      out.family('node_x', 'gauge', 'X.', ['path', 'text']);
      for (const path of paths) out.add(1, path, readAttribute(path) ?? 'absent');
      if (paths.length === 0) throw new NoDataError('none');
    },
  };
}

const told = async (collector: Collector) =>
  samplesOf(await renderOnce(collector), 'node_x').map((line) => /text="(.*)"/.exec(line)?.[1]);

test('what is quick is read on the spot, and nothing is waited for', () => {
  const host = slowHost({ a: 1, b: 4 });
  const reads = new SlowReads(host.options, new Lane());
  for (let i = 0; i < 3; i++) {
    assert.equal(reads.refresh(new AbortController().signal), undefined);
    assert.equal(reads.read('a'), 'a now');
    assert.equal(reads.read('b'), 'b now');
  }
  assert.equal(host.readNow.length, 6);
});

test('slow once says nothing', () => {
  const times = { a: 50 };
  const host = slowHost(times);
  const reads = new SlowReads(host.options, new Lane());
  for (let i = 0; i < 6; i++) {
    times.a = i % 2 === 0 ? 50 : 1;
    reads.read('a');
    assert.equal(reads.refresh(new AbortController().signal), undefined);
  }
});

test('what was slow twice in a row is read in the background from then on', async () => {
  const host = slowHost({ slow: 50 });
  const reads = new SlowReads(host.options, new Lane());
  const collector = withSlowReads(attributesOf('quick', 'slow'), reads);
  for (let i = 0; i < 2; i++) assert.deepEqual(await told(collector), ['quick now', 'slow now']);
  const second = told(collector);
  await delay(1);
  assert.equal(host.later.length, 1);
  host.later.shift()?.answer('slow later');
  assert.deepEqual(await second, ['quick now', 'slow later']);
  assert.deepEqual(host.readNow, ['quick', 'slow', 'quick', 'slow', 'quick']);
});

test('one that does not answer in time is absent, is told when it has answered late, and is asked once at a time', async () => {
  const host = slowHost({ slow: 50 }, 20);
  const reads = new SlowReads(host.options, new Lane());
  const collector = withSlowReads(attributesOf('slow'), reads);
  await told(collector);
  await told(collector);
  assert.deepEqual(await told(collector), ['absent']);
  assert.equal(collector.isStuck?.(), true);
  assert.deepEqual(await told(collector), ['absent']);
  assert.equal(host.later.length, 1);
  host.later.shift()?.answer('late');
  await delay(1);
  assert.equal(collector.isStuck?.(), false);
  assert.deepEqual(await told(collector), ['late']);
  // Not for ever.
  assert.deepEqual(await told(collector), ['absent']);
});

test('an error is told as it comes, and costs that attribute only if it is a refusal', async () => {
  const host = slowHost({ slow: 50 });
  const collector = withSlowReads(attributesOf('slow'), new SlowReads(host.options, new Lane()));
  await told(collector);
  await told(collector);
  const refused = told(collector);
  await delay(1);
  host.later.shift()?.answer(Object.assign(new Error('input/output'), { code: 'EIO' }));
  assert.deepEqual(await refused, ['absent']);
  const failed = told(collector);
  await delay(1);
  host.later.shift()?.answer(Object.assign(new Error('too many files'), { code: 'EMFILE' }));
  await assert.rejects(failed, /too many files/);
});

test('all collectors share one thread', async () => {
  const host = slowHost({ a: 50, b: 50 });
  const lane = new Lane();
  const [one, other] = [
    withSlowReads(attributesOf('a'), new SlowReads(host.options, lane)),
    withSlowReads(attributesOf('b'), new SlowReads(host.options, lane)),
  ];
  await Promise.all([told(one), told(other)]);
  await Promise.all([told(one), told(other)]);
  const both = Promise.all([told(one), told(other)]);
  await delay(1);
  assert.deepEqual(
    host.later.map(({ path }) => path),
    ['a'],
  );
  host.later.shift()?.answer('a later');
  await delay(1);
  host.later.shift()?.answer('b later');
  assert.deepEqual(await both, [['a later'], ['b later']]);
});

test('what has become quick again, and what is no longer asked for, is not read in the background', async () => {
  const times = { slow: 50 };
  const host = slowHost(times);
  const reads = new SlowReads(host.options, new Lane());
  const collector = withSlowReads(attributesOf('slow'), reads);
  await told(collector);
  await told(collector);
  times.slow = 1;
  for (let i = 0; i < 60; i++) {
    const tick = told(collector);
    await delay(0);
    host.later.shift()?.answer('quick');
    assert.deepEqual(await tick, ['quick']);
  }
  assert.deepEqual(await told(collector), ['slow now']);
  assert.equal(reads.slowFiles, 0);

  times.slow = 50;
  await told(collector);
  await told(collector);
  assert.equal(reads.slowFiles, 1);
  // A round in which nobody asks for it.
  void reads.refresh(new AbortController().signal);
  await delay(0);
  host.later.shift()?.answer('gone');
  await delay(0);
  void reads.refresh(new AbortController().signal);
  assert.equal(reads.slowFiles, 0);
});

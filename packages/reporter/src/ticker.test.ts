import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { phaseOf } from './sampler/ticks.ts';
import { Ticker } from './ticker.ts';

const INTERVAL_MS = 10_000;
const PHASE_MS = phaseOf('web-1', INTERVAL_MS);

class Clockwork {
  /** Added to the timers' own clock, as a step of the time of day is. */
  steppedMs = 0;
  /** By how much each tick finds the clock ahead, and sets it back. */
  steeredMs = 0;
  intervalMs = INTERVAL_MS;
  readonly ticks: number[] = [];
  missed = 0;
  late = 0;
  /** Time that passes without a timer being let run, as when the process gets no CPU. */
  stalledMs = 0;
  /** What a tick waits for. */
  work: Promise<void> = Promise.resolve();
  readonly ticker: Ticker;
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_790_000_000_000 - 5_000 + PHASE_MS });
    this.ticker = new Ticker({
      host: 'web-1',
      now: () => this.now,
      intervalMs: () => this.intervalMs,
      onMissed: () => this.missed++,
      monotonic: () => this.#monotonic,
      onTick: (isLate) => {
        if (isLate) this.late++;
        this.ticks.push(this.now - PHASE_MS - 1_790_000_000_000);
        this.steppedMs -= this.steeredMs;
        return this.work;
      },
    });
    t.after(() => this.ticker.stop());
  }

  get now(): number {
    return Date.now() + this.steppedMs + this.stalledMs;
  }

  get #monotonic(): number {
    return Date.now() + this.stalledMs;
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.#t.mock.timers.tick(Math.min(left, 100));
      // A tick that is done says so in a microtask.
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  }
}

test("ticks at the host's own points of the interval", async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  assert.deepEqual(clockwork.ticks, [], 'not at once');
  await clockwork.pass(34_900);
  assert.deepEqual(clockwork.ticks, [0, 10_000, 20_000]);
  await clockwork.pass(100);
  assert.deepEqual(clockwork.ticks, [0, 10_000, 20_000, 30_000]);
});

test('never begins a tick while the one before is being taken, and counts those', async (t) => {
  const clockwork = new Clockwork(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  clockwork.work = promise;
  clockwork.ticker.start();
  await clockwork.pass(25_000);
  assert.deepEqual([clockwork.ticks, clockwork.missed], [[0], 2]);
  resolve();
  await clockwork.pass(10_000);
  assert.deepEqual([clockwork.ticks, clockwork.missed], [[0, 30_000], 2]);
});

test('a clock that steps forward is noticed within 2.5 s', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(6_000);
  clockwork.steppedMs = 3_600_000;
  await clockwork.pass(2_500);
  assert.deepEqual(clockwork.ticks.slice(1).length, 1, 'the ticks that were passed are not made up for');
  const late = (clockwork.ticks[1] ?? 0) - 3_600_000;
  assert.ok(late >= 1_000 && late <= 3_500, `${late}`);
  await clockwork.pass(7_500);
  assert.equal(clockwork.ticks.at(-1), 3_610_000);
  assert.equal(clockwork.missed, 0);
});

test('a clock that steps back does not silence it', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(6_000);
  clockwork.steppedMs = -86_400_000;
  await clockwork.pass(10_000);
  assert.deepEqual(clockwork.ticks, [0, -86_400_000 + 10_000]);
});

test('a clock that is steered back a little during a tick does not make it twice', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  clockwork.steeredMs = 10;
  await clockwork.pass(36_000);
  assert.deepEqual(
    clockwork.ticks.map((at) => Math.round(at / 10_000)),
    [0, 1, 2, 3],
  );
});

test('another interval holds from the next tick on, a shorter one at once', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(5_000);
  clockwork.intervalMs = 60_000;
  await clockwork.pass(120_000);
  assert.equal(clockwork.ticks.length, 4);
  const before = clockwork.ticks.length;
  clockwork.intervalMs = 1_000;
  await clockwork.pass(5_000);
  const more = clockwork.ticks.length - before;
  assert.ok(more >= 3 && more <= 5, `${more}`);
});

test('a tick that the process gets to late is told from one that a clock moved', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(6_000);
  clockwork.steppedMs = 20_000;
  await clockwork.pass(10_000);
  assert.equal(clockwork.late, 0);
  const before = clockwork.ticks.length;
  clockwork.stalledMs = 15_000;
  await clockwork.pass(2_500);
  assert.equal(clockwork.ticks.length, before + 1);
  assert.equal(clockwork.late, 1);
  await clockwork.pass(20_000);
  assert.equal(clockwork.late, 1);
});

test('ticks that pass while the process does not run are counted as missed', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(6_000);
  clockwork.stalledMs = 35_000;
  await clockwork.pass(2_500);
  assert.deepEqual([clockwork.ticks.length, clockwork.late, clockwork.missed], [2, 1, 2]);
  await clockwork.pass(10_000);
  assert.deepEqual([clockwork.ticks.length, clockwork.late, clockwork.missed], [3, 1, 2]);
});

test('a late look is no late tick', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.intervalMs = 4_000;
  clockwork.ticker.start();
  await clockwork.pass(10_000);
  const before = clockwork.ticks.length;
  while (clockwork.ticks.length === before) await clockwork.pass(100);
  // A look 2.5 s after the tick comes so late that it is the next tick, which is hardly late then.
  clockwork.stalledMs = 1_600;
  await clockwork.pass(2_500);
  assert.deepEqual([clockwork.ticks.length, clockwork.late], [before + 2, 0]);
});

test('stopping waits for the tick that is being taken, and begins no other', async (t) => {
  const clockwork = new Clockwork(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  clockwork.work = promise;
  clockwork.ticker.start();
  await clockwork.pass(5_000);
  let isStopped = false;
  const stopped = clockwork.ticker.stop().then(() => {
    isStopped = true;
  });
  await clockwork.pass(30_000);
  assert.equal(isStopped, false);
  resolve();
  await stopped;
  await clockwork.pass(30_000);
  assert.deepEqual([clockwork.ticks, clockwork.missed], [[0], 0]);
});

test('the first tick is taken at once when it is asked for, and keeps away from the next one', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(100);
  clockwork.ticker.first();
  clockwork.ticker.first();
  await clockwork.pass(19_900);
  assert.deepEqual(clockwork.ticks, [-4_900, 0, 10_000], 'half an interval before the next');
  clockwork.ticker.first();
  await clockwork.pass(5_000);
  assert.deepEqual(clockwork.ticks, [-4_900, 0, 10_000, 20_000], 'there was one');
});

test('a tick that would follow the first one closely is not taken, nor counted as missed', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.start();
  await clockwork.pass(2_600);
  clockwork.ticker.first();
  await clockwork.pass(12_400);
  assert.deepEqual([clockwork.ticks, clockwork.missed], [[-2_400, 10_000], 0]);
});

test('nothing is begun before the start or after the end', async (t) => {
  const clockwork = new Clockwork(t);
  clockwork.ticker.first();
  clockwork.ticker.start();
  await clockwork.ticker.stop();
  clockwork.ticker.first();
  assert.deepEqual(clockwork.ticks, []);
});

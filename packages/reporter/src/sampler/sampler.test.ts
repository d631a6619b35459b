import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Collector, type ColumnWriter, NoDataError, PartialDataError } from '../collectors/collector.ts';
import type { Column } from '../collectors/columns.ts';
import { Sampler, TOLD_AGAIN_MS } from './sampler.ts';

const DEADLINE_MS = 30;

interface Told {
  readonly collector: string;
  readonly error: string | null;
}

function samplerOf(...collectors: readonly Collector[]): { sampler: Sampler; told: Told[] } {
  const told: Told[] = [];
  const sampler = new Sampler({
    collectors,
    labels: { job: 'node', env: 'prod' },
    monotonic: () => performance.now(),
    onOutcome: (collector, error) => told.push({ collector, error: error?.message ?? null }),
  });
  return { sampler, told };
}

const write = (out: ColumnWriter, name: string, value: number) => {
  out.family(name, 'gauge', 'Help.');
  out.add(value);
};

/** Does what `act` says at each tick. */
const collector = (name: string, act: Collector['collect']): Collector => ({ name, collect: act });
const fine = (name: string) => collector(name, (out) => write(out, `node_${name}`, 1));

/** `node_x 1` for every series, the durations left out. */
function lines(columns: readonly Column[]): string[] {
  return columns.flatMap(({ shape, values }) => {
    let i = 0;
    return shape.families.flatMap(({ name, series }) =>
      series.map(([, labels]) => {
        const text = `${name}${labels['collector'] === undefined ? '' : `:${labels['collector']}`}`;
        return `${text} ${values[i++]}`;
      }),
    );
  });
}

const withoutDurations = (columns: readonly Column[]) =>
  lines(columns).filter((line) => !line.startsWith('node_scrape_collector_duration_seconds'));

describe('one tick', () => {
  test("has every collector's column in their order, and one about the collectors", async () => {
    const { sampler, told } = samplerOf(
      collector('slow', async (out) => {
        await Promise.resolve();
        write(out, 'node_slow', 1);
      }),
      fine('quick'),
    );
    const columns = await sampler.sample(DEADLINE_MS * 100);
    assert.deepEqual(withoutDurations(columns), [
      'node_slow 1',
      'node_quick 1',
      'node_scrape_collector_success:slow 1',
      'node_scrape_collector_success:quick 1',
    ]);
    assert.deepEqual(columns[0]?.shape.labels, { job: 'node', env: 'prod' });
    assert.deepEqual(told, []);
    const durations = columns.at(-1)?.values.slice(0, 2) ?? [];
    for (const seconds of durations) assert.ok(seconds !== null && seconds >= 0 && seconds < 3);
  });

  test('keeps its shapes by identity while nothing changes', async () => {
    const { sampler } = samplerOf(fine('a'), fine('b'));
    const first = await sampler.sample(1000);
    const second = await sampler.sample(1000);
    assert.equal(first.length, 3);
    for (const [i, { shape }] of first.entries()) assert.equal(shape, second[i]?.shape);
  });
});

describe('a collector that fails', () => {
  test('costs only itself, whichever way it fails, and leaves nothing half written', async () => {
    const { sampler } = samplerOf(
      collector('thrown', (out) => {
        write(out, 'node_half', 1);
        throw new Error('thrown at once');
      }),
      collector('rejected', async (out) => {
        write(out, 'node_half_too', 1);
        throw new Error('rejected');
      }),
      collector('odd', () => {
        throw 'no error at all';
      }),
      fine('other'),
    );
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(withoutDurations(await sampler.sample(1000)), [
        'node_other 1',
        'node_scrape_collector_success:thrown 0',
        'node_scrape_collector_success:rejected 0',
        'node_scrape_collector_success:odd 0',
        'node_scrape_collector_success:other 1',
      ]);
    }
  });

  test('is told once, again when the fault changes, and when it recovers', async () => {
    const outcomes = ['x', 'x', 'y', '', '', 'x'];
    const { sampler, told } = samplerOf(
      collector('c', () => {
        const message = outcomes.shift() ?? '';
        if (message !== '') throw new Error(message);
      }),
    );
    while (outcomes.length > 0) await sampler.sample(1000);
    assert.deepEqual(told, [
      { collector: 'c', error: 'x' },
      { collector: 'c', error: 'y' },
      { collector: 'c', error: null },
      { collector: 'c', error: 'x' },
    ]);
  });

  test('may tell what it has all the same, and counts as failed', async () => {
    const { sampler, told } = samplerOf(
      collector('partial', async (out) => {
        await Promise.resolve();
        write(out, 'node_right', 1);
        throw new PartialDataError('the rest is missing');
      }),
    );
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(withoutDurations(await sampler.sample(1000)), [
        'node_right 1',
        'node_scrape_collector_success:partial 0',
      ]);
    }
    assert.deepEqual(told, [{ collector: 'partial', error: 'the rest is missing' }]);
  });

  test('for want of data is no success, and nothing to tell', async () => {
    const { sampler, told } = samplerOf(
      collector('none', () => {
        throw new NoDataError('no such device');
      }),
    );
    assert.deepEqual(withoutDurations(await sampler.sample(1000)), ['node_scrape_collector_success:none 0']);
    assert.deepEqual(told, []);
  });
});

describe('a collector that hangs', () => {
  test('costs only itself, is never started twice, and comes back', async () => {
    let calls = 0;
    let late: ColumnWriter | null = null;
    const { promise, resolve } = Promise.withResolvers<void>();
    const { sampler, told } = samplerOf(
      collector('hung', async (out) => {
        calls++;
        if (calls === 1) {
          late = out;
          await promise;
        }
        write(out, 'node_hung', calls);
      }),
      fine('other'),
    );
    const lost = [
      'node_other 1',
      'node_scrape_collector_success:hung 0',
      'node_scrape_collector_success:other 1',
    ];
    assert.equal(sampler.isStuck, false);
    assert.deepEqual(withoutDurations(await sampler.sample(DEADLINE_MS)), lost);
    assert.equal(sampler.isStuck, true);
    assert.deepEqual(withoutDurations(await sampler.sample(DEADLINE_MS)), lost);
    assert.equal(calls, 1);
    assert.notEqual(late, null);
    resolve();
    await new Promise((done) => setImmediate(done));
    assert.equal(sampler.isStuck, false);
    assert.deepEqual(withoutDurations(await sampler.sample(1000)), [
      'node_hung 2',
      'node_other 1',
      'node_scrape_collector_success:hung 1',
      'node_scrape_collector_success:other 1',
    ]);
    assert.deepEqual(told, [
      { collector: 'hung', error: `no answer within ${DEADLINE_MS} ms` },
      { collector: 'hung', error: 'an earlier run has not come back yet' },
      { collector: 'hung', error: null },
    ]);
  });

  test('may fail when it comes back, and nobody is hurt', async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    let calls = 0;
    const { sampler } = samplerOf(
      collector('hung', () => {
        calls++;
        return calls === 1 ? promise : undefined;
      }),
    );
    await sampler.sample(DEADLINE_MS);
    reject(new Error('at last'));
    await new Promise((done) => setImmediate(done));
    assert.equal(sampler.isStuck, false);
    await sampler.sample(DEADLINE_MS);
    assert.equal(calls, 2);
  });

  test('may heed the signal, and is then ready for the next tick', async () => {
    let aborted = 0;
    const { sampler } = samplerOf(
      collector('polite', (_out, signal) => {
        const { promise, reject } = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => {
          aborted++;
          reject(signal.reason as Error);
        });
        return promise;
      }),
    );
    for (let i = 0; i < 2; i++) {
      await sampler.sample(DEADLINE_MS);
      assert.equal(sampler.isStuck, false);
    }
    assert.equal(aborted, 2);
  });

  test('a call of the system that a collector cannot cancel counts as stuck', () => {
    const { sampler } = samplerOf({ name: 'filesystem', collect: () => {}, isStuck: () => true });
    assert.equal(sampler.isStuck, true);
  });
});

describe('a collector with an interval of its own', () => {
  const TICK_MS = 10_000;

  /** A sampler on a clock that stands still unless told, and how often each collector ran. */
  function paced(intervals: Readonly<Record<string, number>>, act?: Collector['collect']) {
    const world = { now: 0, runs: {} as Record<string, number> };
    const collectors = Object.keys(intervals).map((name) =>
      collector(name, (out, signal) => {
        world.runs[name] = (world.runs[name] ?? 0) + 1;
        if (act !== undefined) return act(out, signal);
        write(out, `node_${name}`, world.now);
      }),
    );
    const sampler = new Sampler({
      collectors,
      labels: { job: 'node' },
      monotonic: () => world.now,
      onOutcome: () => {},
      intervalOf: (name) => intervals[name] ?? 0,
    });
    /** The values of the collectors at each of so many ticks. */
    const tick = async (count: number): Promise<string[][]> => {
      const all: string[][] = [];
      for (let i = 0; i < count; i++) {
        const columns = await sampler.sample(1000, TICK_MS);
        all.push(withoutDurations(columns).filter((line) => !line.startsWith('node_scrape')));
        world.now += TICK_MS;
      }
      return all;
    };
    return { world, tick };
  }

  test('runs at the ticks where it is due, and is silent between', async () => {
    const { world, tick } = paced({ quick: 0, slow: 30_000, odd: 24_000 });
    const ticks = await tick(7);
    assert.deepEqual(world.runs, { quick: 7, slow: 3, odd: 4 });
    assert.deepEqual(ticks[1], ['node_quick 10000']);
    assert.deepEqual(ticks[3], ['node_quick 30000', 'node_slow 30000']);
  });

  test('an interval shorter than the tick is every tick', async () => {
    const { world, tick } = paced({ quick: 1_000 });
    await tick(3);
    assert.deepEqual(world.runs, { quick: 3 });
  });

  test('tells its last values again where the interval is longer than Prometheus remembers', async () => {
    const { world, tick } = paced({ rare: TOLD_AGAIN_MS + 1 });
    const ticks = await tick(18);
    assert.deepEqual(world.runs, { rare: 2 });
    assert.deepEqual(ticks[14], ['node_rare 0']);
    assert.deepEqual(ticks[17], ['node_rare 150000']);
  });

  test('is asked again at the next tick when it failed, and not when it has nothing or told a part', async () => {
    const failing = paced({ bad: 30_000 }, () => {
      throw new Error('no');
    });
    await failing.tick(3);
    assert.deepEqual(failing.world.runs, { bad: 3 });
    const empty = paced({ none: 30_000 }, () => {
      throw new NoDataError('none');
    });
    await empty.tick(3);
    assert.deepEqual(empty.world.runs, { none: 1 });
    const partial = paced({ part: 30_000 }, () => {
      throw new PartialDataError('not all');
    });
    await partial.tick(3);
    assert.deepEqual(partial.world.runs, { part: 1 });
  });

  test('has its success told at every tick', async () => {
    const sampler = new Sampler({
      collectors: [fine('slow')],
      labels: {},
      monotonic: () => 0,
      onOutcome: () => {},
      intervalOf: () => 60_000,
    });
    await sampler.sample(1000, TICK_MS);
    assert.deepEqual(withoutDurations(await sampler.sample(1000, TICK_MS)), [
      'node_scrape_collector_success:slow 1',
    ]);
  });
});

describe('series that two collectors have, or no gateway takes', () => {
  const guest: Collector = {
    name: 'guest',
    collect: (out) => {
      write(out, 'node_a', 5);
      write(out, 'node_guest', 6);
      write(out, 'node_exporter_build_info', 7);
    },
    settle: (column, isTold) => {
      const { families } = column.shape;
      const kept = families.filter(({ name }) => !isTold(name));
      const values = column.values.filter((_, i) => kept.includes(families[i] as (typeof families)[number]));
      const leftOut = { series: families.length - kept.length, reason: 'told' };
      return { column: { shape: { ...column.shape, families: kept }, values }, leftOut };
    },
  };

  test("others' give way, wherever in the order they are, and the sampler's own count as told", async () => {
    const leftOut: unknown[] = [];
    const sampler = new Sampler({
      collectors: [guest, fine('a')],
      labels: {},
      buildInfo: { version: '1' },
      monotonic: () => 0,
      onOutcome: () => {},
      onLeftOut: (collector, { series, reason }) => leftOut.push([collector, series, reason]),
    });
    assert.deepEqual(withoutDurations(await sampler.sample(1000)), [
      'node_guest 6',
      'node_a 1',
      'node_scrape_collector_success:guest 1',
      'node_scrape_collector_success:a 1',
      'node_exporter_build_info 1',
    ]);
    assert.deepEqual(leftOut, [['guest', 2, 'told']]);
  });

  test('what no gateway takes is left out and told each tick', async () => {
    const leftOut: number[] = [];
    const sampler = new Sampler({
      collectors: [
        collector('odd', (out) => {
          out.family('node_odd', 'gauge', 'Odd.', ['device']);
          out.add(1, 'x');
          out.add(2, 'y'.repeat(5000));
          out.add(3, 'x');
        }),
      ],
      labels: {},
      monotonic: () => 0,
      onOutcome: () => {},
      onLeftOut: (_, { series }) => leftOut.push(series),
    });
    for (let i = 0; i < 2; i++)
      assert.deepEqual(withoutDurations(await sampler.sample(1000)), [
        'node_odd 1',
        'node_scrape_collector_success:odd 1',
      ]);
    assert.deepEqual(leftOut, [2, 2]);
  });
});

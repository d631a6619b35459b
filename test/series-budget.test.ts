/**
 * The reporter counts a host's series as the gateway does: whatever shapes come and go, nothing that it tells is rejected
 * as too many, and the host's own collectors keep their place.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { randomOf } from '@tributary/shared/random';
import { type Series, type Shape, seriesCount } from '@tributary/shared/shape';
import { type Admission, admit } from '../packages/gateway/src/link/admission.ts';
import { HostTimes } from '../packages/gateway/src/link/host-times.ts';
import { judgeBatch } from '../packages/gateway/src/link/judge-batch.ts';
import type { Column } from '../packages/reporter/src/collectors/columns.ts';
import { SeriesBudget } from '../packages/reporter/src/series-budget.ts';

const LIMITS = { ...DEFAULT_LIMITS, seriesMax: 400 };
const TICK_MS = 10_000;
const START = 1_790_000_000_000;

/** Tells a stretch of series that moves, grows, shrinks, or rests. */
class Source {
  readonly #name: string;
  readonly #random: () => number;
  readonly #most: number;
  #from = 0;
  #count: number;
  #shape: Shape | null = null;

  constructor(name: string, random: () => number, most: number) {
    this.#name = name;
    this.#random = random;
    this.#most = most;
    this.#count = 1 + Math.floor(random() * most);
  }

  /** @param change how likely it is that there are other series. @param silence that nothing is told. */
  take(change: number, silence: number): Column[] {
    const random = this.#random;
    if (this.#shape === null || random() < change) {
      if (random() < 0.5) this.#from += Math.floor(random() * this.#most * 1.5);
      else this.#count = 1 + Math.floor(random() * this.#most);
      const series = Array.from({ length: this.#count }, (_, i): Series => ['', { i: `${this.#from + i}` }]);
      this.#shape = {
        labels: { job: 'node' },
        families: [{ name: this.#name, type: 'gauge', help: '', series }],
      };
    }
    if (random() < silence) return [];
    return [{ shape: this.#shape, values: Array.from({ length: this.#count }, () => 1) }];
  }
}

class Gateway {
  readonly #shapes = new Map<number, Admission>();
  readonly #ids = new Map<Shape, number>();
  readonly #times = new HostTimes(0);
  #seq = 0;

  /** @returns what was rejected: the code and the name of the first family. */
  take(at: number, columns: readonly Column[]): string[] {
    const groups = columns.map(({ shape, values }) => ({
      shape: this.#idOf(shape),
      at,
      column: { values: Float64Array.from(values.map(Number)), absent: null },
      fault: null,
    }));
    const batch = { kind: 'batch', seq: ++this.#seq, at, groups } as const;
    const { rejects } = judgeBatch(batch, 0, this.#shapes, this.#times, LIMITS, at);
    return rejects.map(({ group, code }) => `${code} ${columns[group ?? 0]?.shape.families[0]?.name}`);
  }

  #idOf(shape: Shape): number {
    const known = this.#ids.get(shape);
    if (known !== undefined) return known;
    const id = this.#ids.size + 1;
    this.#ids.set(shape, id);
    this.#shapes.set(id, admit(shape, { hash: String(id), body: '' }));
    return id;
  }
}

interface Run {
  readonly rejects: readonly string[];
  readonly leftOut: number;
  readonly told: number;
  readonly groups: number;
}

function run(seed: number, silence: number): Run {
  const random = randomOf(seed);
  const gateway = new Gateway();
  const rejects: string[] = [];
  let leftOut = 0;
  let told = 0;
  let groups = 0;
  const budget = new SeriesBudget({ onLeftOut: () => leftOut++ });
  budget.limit(LIMITS.seriesMax);
  const host = Array.from({ length: 4 }, (_, i) => new Source(`node_${i}`, random, 20));
  const feeds = Array.from({ length: 3 }, (_, i) =>
    Array.from({ length: 3 }, (_, k) => new Source(`feed_${i}_${k}`, random, 60)),
  );
  for (let tick = 1; tick <= 200; tick++) {
    const fit = budget.fit(
      tick * TICK_MS,
      { source: 'collectors', layers: [host.flatMap((source) => source.take(0.004, 0))] },
      feeds.map((sources) => ({
        source: 'feed',
        layers: [sources.flatMap((source) => source.take(0.2, silence))],
      })),
    );
    const columns = [...fit.host, ...fit.feeds.flat()].flat();
    told += columns.reduce((sum, { shape }) => sum + seriesCount(shape), 0);
    groups += columns.length;
    rejects.push(...gateway.take(START + tick * TICK_MS, columns));
  }
  return { rejects, leftOut, told, groups };
}

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

for (const silence of [0, 0.1]) {
  test(`what is told is not too much for the gateway, and the host comes first (${silence} silent)`, () => {
    const runs = SEEDS.map((seed) => run(seed, silence));
    const rejects = runs.flatMap((each) => each.rejects);
    for (const text of rejects) assert.match(text, /^TOO_MANY_SERIES /);
    // Feeds give way where the host grows into places that they have. What falls silent counts in more shapes than before,
    // which nobody knows beforehand: that costs the host a column in thousands.
    const ofHost = rejects.filter((text) => text.includes('node_')).length;
    assert.ok(ofHost <= (silence === 0 ? 0 : 8), `${ofHost} of 16,000`);
    const groups = runs.reduce((sum, each) => sum + each.groups, 0);
    assert.ok(rejects.length < groups / 20, `${rejects.length} of ${groups} groups`);
    for (const { leftOut, told } of runs) {
      assert.ok(leftOut > 50, `left out ${leftOut}`);
      assert.ok(told > 10_000, `told ${told}`);
    }
  });
}

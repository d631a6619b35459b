import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_START, type Position, positionOf, type StoredEntry, type Tail } from '../../ledger/ledger.ts';
import { NOTHING_TAKEN, placeAt, take } from './place.ts';
import { type HostPlan, mayBeTooOld, type PlanTerms, passOver, planHost, share } from './plan.ts';
import { type Scope, Scopes } from './scopes.ts';

/** Entry `offset` of a log in which each has nine samples, so that it weighs ten, and comes at its offset in seconds. */
function entry(offset: number): StoredEntry {
  const place = { epoch: 'e', offset, samples: 9, samplesThrough: offset * 9 };
  return { kind: 'batch', seq: offset, at: offset * 1000, groups: [], contentHash: 1, ...place };
}

function at(offset: number): Position {
  return offset === 0 ? LOG_START : positionOf(entry(offset));
}

/** A log of which the entries from `from` on are in memory. */
function tailOf(from: number, end: number): Tail {
  return { end: at(end), entries: Array.from({ length: end - from + 1 }, (_, i) => entry(from + i)) };
}

function scopeOf(): Scope {
  return new Scopes().open({ name: '', includesHost: () => true }, 0, 10_000);
}

const NOW = 1_000_000;
const TERMS = {
  order: 'in-order',
  proxied: false,
  points: 1000,
  isFull: true,
  liveSince: 0,
  now: NOW,
  takenAt: () => 1,
} as const satisfies PlanTerms;

/** A host with a backlog of that weight, in entries of ten, or of so many times more. */
function behind(host: string, backlog: number, times = 1): HostPlan {
  const plan = planHost(host, NOTHING_TAKEN, tailOf(1, backlog / 10 / times), Number.MAX_SAFE_INTEGER);
  assert.ok(plan !== null);
  return { ...plan, backlog };
}

test('what is young enough at the end of the log is live, the rest is backlog', () => {
  const plan = planHost('a', placeAt(at(4)), tailOf(3, 10), 8000);
  assert.deepEqual(
    [plan?.live.map(({ offset }) => offset), plan?.backlog, plan?.ranges],
    [[8, 9, 10], 30, [{ after: at(4), through: at(10) }]],
  );
});

test('nothing is planned of a host of which everything is taken', () => {
  assert.equal(planHost('a', placeAt(at(10)), tailOf(3, 10), 0), null);
});

test('what is open behind the place is backlog, too', () => {
  const place = take(NOTHING_TAKEN, [{ after: at(5), through: at(10) }]);
  const plan = planHost('a', place, tailOf(1, 12), 0);
  assert.deepEqual([plan?.live.length, plan?.backlog], [2, 50]);
  assert.deepEqual(plan?.ranges[0], { after: LOG_START, through: at(5) });
});

test('only what may be older than the window is looked up', () => {
  const plan = (taken: number, from: number) => {
    const tail = tailOf(from, 10);
    const made = planHost('a', placeAt(at(taken)), tail, 0);
    assert.ok(made !== null);
    return mayBeTooOld(made, tail, 5000);
  };
  assert.equal(plan(4, 5), false, 'the next entry is at hand, and young enough');
  assert.equal(plan(3, 4), true, 'it is at hand, and too old');
  assert.equal(plan(3, 8), true, 'it is not at hand');
});

test('what is before the window is passed over', () => {
  const plan = planHost('a', placeAt(at(2)), tailOf(1, 10), 9000);
  assert.ok(plan !== null);
  const passed = passOver(plan, at(6), at(2));
  assert.deepEqual(passed.tooOld, [{ after: at(2), through: at(6) }]);
  assert.deepEqual(passed.ranges, [{ after: at(6), through: at(10) }]);
  assert.equal(passed.backlog, 20);
  const nothing = passOver(plan, at(10), at(4));
  assert.deepEqual(
    nothing.tooOld,
    [
      { after: at(2), through: at(4) },
      { after: at(4), through: at(10) },
    ],
    'what is not stored any more is told apart',
  );
  assert.deepEqual([nothing.ranges, nothing.live, nothing.backlog], [[], [], 0]);
});

test('while there is room for everyone, everyone gets everything', () => {
  const plans = [behind('a', 30), behind('b', 60)];
  assert.equal(share(plans, scopeOf(), TERMS), false);
  assert.deepEqual(
    plans.map((plan) => plan.share),
    [30, 60],
  );
});

test('else the small ones get all they need, and the large ones share', () => {
  const plans = [behind('a', 9000), behind('b', 200), behind('c', 9000)];
  assert.equal(share(plans, scopeOf(), TERMS), true);
  assert.deepEqual(
    plans.map((plan) => plan.share),
    [400, 200, 400],
  );
});

test('a budget too small for some entries of everyone comes to everyone in turn', () => {
  const scope = scopeOf();
  const served = new Set<string>();
  for (let scrape = 0; scrape < 4; scrape++) {
    const plans = ['a', 'b', 'c', 'd', 'e'].map((host) => behind(host, 100));
    share(plans, scope, { ...TERMS, points: 160 });
    const now = plans.filter((plan) => plan.share > 0).map(({ host }) => host);
    assert.equal(now.length, 2);
    for (const host of now) served.add(host);
  }
  assert.equal(served.size, 5);
});

test('one large host does not keep the others from their turns', () => {
  const scope = scopeOf();
  const served = new Set<string>();
  for (let scrape = 0; scrape < 4; scrape++) {
    const plans = [
      behind('large', 10_000, 1000),
      ...['a', 'b', 'c', 'd', 'e'].map((host) => behind(host, 100)),
    ];
    share(plans, scope, { ...TERMS, points: 500 });
    for (const { host, share: given } of plans) if (given > 0) served.add(host);
  }
  assert.deepEqual([...served].sort(), ['a', 'b', 'c', 'd', 'e', 'large']);
});

test('what a budget did that was not full yet does not count against a host', () => {
  const scope = scopeOf();
  const at = (lagMs: number, isFull: boolean) => {
    scope.progressed = true;
    const plans = [behind('a', 5000), behind('b', 5000)];
    share(plans, scope, { ...TERMS, isFull, takenAt: () => NOW - lagMs });
    return plans.some(({ newestOnly }) => newestOnly);
  };
  for (let scrape = 0; scrape < 10; scrape++) at(100_000 + scrape * 10_000, false);
  for (let scrape = 0; scrape < 45; scrape++)
    assert.equal(at(200_000 - scrape * 1000, true), false, `scrape ${scrape}`);
});

/** In which of fifty scrapes a host is thinned, by how old its newest taken point is; 0 for never. Another catches up. */
function thinnedAt(
  lagMs: (scrape: number) => number,
  over: Partial<PlanTerms> = {},
  progressed = true,
): number {
  const scope = scopeOf();
  for (let scrape = 1; scrape <= 50; scrape++) {
    scope.progressed = progressed;
    // The backlogs grow: both hosts are still sending what they have.
    const plans = [behind('a', 1000 + scrape * 100), behind('b', 1000 + scrape * 100)];
    const takenAt = (host: string) => NOW - (host === 'a' ? lagMs(scrape) : 90_000 - scrape * 100);
    share(plans, scope, { ...TERMS, takenAt, ...over });
    if (plans[0]?.newestOnly) return scrape;
    assert.ok(!plans[1]?.newestOnly, 'who catches up is not thinned');
  }
  return 0;
}

test('a host whose lag does not shrink in twenty scrapes at full budget is thinned', () => {
  assert.equal(
    thinnedAt(() => 50_000),
    21,
  );
  assert.equal(
    thinnedAt((scrape) => 50_000 + scrape * 10),
    21,
  );
});

test('one that catches up is not, however its backlog grows, nor is one that had no fair chance', () => {
  assert.equal(
    thinnedAt((scrape) => 50_000 - scrape * 10),
    0,
  );
  assert.equal(
    thinnedAt(() => 50_000, {}, false),
    0,
    'bodies that were not taken say nothing',
  );
  assert.equal(
    thinnedAt(() => 50_000, { isFull: false }),
    0,
    'nor does a budget that was cut',
  );
  assert.equal(
    thinnedAt(() => 50_000, { takenAt: () => 0 }),
    0,
    'nor a host of which nothing was taken yet',
  );
  assert.equal(
    thinnedAt(() => 50_000, { order: 'live-first' }),
    0,
  );
});

test('it stays thinned until there is room for everyone', () => {
  const scope = scopeOf();
  scope.behind.set('a', { scrapes: 0, lagMs: 1000, thinned: true });
  const first = behind('a', 1000);
  share([first, behind('b', 1000)], scope, TERMS);
  assert.equal(first.newestOnly, true);
  const then = behind('a', 50);
  share([then], scope, TERMS);
  assert.deepEqual([then.newestOnly, then.share], [false, 50]);
});

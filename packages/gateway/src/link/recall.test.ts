import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BatchEntry, Ledger } from '../ledger/ledger.ts';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger.ts';
import type { AdmittedShape } from './admission.ts';
import { timesOf } from './host-times.ts';
import { openLedger } from './link-test-support.ts';
import { recall } from './recall.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { gauges, NOW, shapeOf } from './test-support.ts';

const SHAPES = new ShapeRegistry();
const A = shapeOf(gauges('a'), {}, SHAPES);
const B = shapeOf(gauges('b'), {}, SHAPES);
const TICK_MS = 10_000;
const TICKS = 120;
const LAST = NOW + TICKS * TICK_MS;

function batch(
  seq: number,
  at: number,
  ...groups: readonly (readonly [AdmittedShape, number])[]
): BatchEntry {
  const column = { values: Float64Array.of(seq), absent: null };
  return {
    kind: 'batch',
    seq,
    at,
    contentHash: seq,
    groups: groups.map(([shape, groupAt]) => ({ shape, at: groupAt, column })),
  };
}

/** Twenty minutes of `a`; `b` lags by 25 s, and came last with a tick that is so many before the last. */
function history(ticksBefore: number): BatchEntry[] {
  return Array.from({ length: TICKS }, (_, i) => {
    const at = NOW + (i + 1) * TICK_MS;
    return i + 1 === TICKS - ticksBefore
      ? batch(i + 1, at, [A, at], [B, at - 25_000])
      : batch(i + 1, at, [A, at]);
  });
}

/** Judges as a gateway that has just started. @returns verdicts, and how often the ledger was looked through. */
async function afterStart(ledger: Ledger, ...groups: readonly (readonly [AdmittedShape, number])[]) {
  const stream = await ledger.stream('web-1', 'e1');
  const times = timesOf(new Map(), 'web-1', stream);
  const asked = groups.map(([shape, at]) => ({ shape, at }));
  let recalls = 0;
  for (let span = times.missing(asked); span !== null; span = times.missing(asked)) {
    await recall(ledger, 'web-1', times, span, SHAPES);
    recalls++;
  }
  return { verdicts: times.judge(asked), recalls };
}

/** @param packing a block goes as a whole; a test that removes single entries wants none */
async function filled(
  t: TestContext,
  entries: readonly BatchEntry[],
  packing: { readonly arrivingEntries?: number } = {},
): Promise<Ledger> {
  const ledger = await openLedger(t, (options) => SqliteLedger.open({ ...options, packing }));
  await ledger.append('web-1', 'e1', entries);
  return ledger;
}

test('a lagging target that is scraped seldom loses nothing by a restart, and takes nothing twice', async (t) => {
  const ledger = await filled(t, history(30));
  const lastOfB = LAST - 30 * TICK_MS - 25_000;
  assert.deepEqual(await afterStart(ledger, [B, lastOfB + 1]), { verdicts: ['new'], recalls: 2 });
  assert.deepEqual(await afterStart(ledger, [B, lastOfB]), { verdicts: ['repeat'], recalls: 2 });
  assert.deepEqual(await afterStart(ledger, [B, lastOfB - 1]), { verdicts: ['backwards'], recalls: 2 });
  assert.deepEqual(await afterStart(ledger, [B, LAST - 1]), { verdicts: ['new'], recalls: 1 });
  assert.deepEqual(await afterStart(ledger, [A, LAST + 1]), { verdicts: ['new'], recalls: 0 });
});

test('a log of blocks tells the same as one that is not packed', async (t) => {
  const ledger = await filled(t, history(30));
  await ledger.trim({ olderThan: 0, bytesMax: 1e12, undelivered: new Map(), keepSince: 0 });
  const lastOfB = LAST - 30 * TICK_MS - 25_000;
  assert.deepEqual((await afterStart(ledger, [B, lastOfB + 1])).verdicts, ['new']);
  assert.deepEqual((await afterStart(ledger, [B, lastOfB])).verdicts, ['repeat']);
});

test('what came before the ten minutes is bounded by their begin, unless the whole log is younger', async (t) => {
  const ledger = await filled(t, history(90));
  assert.deepEqual((await afterStart(ledger, [B, LAST - 600_001])).verdicts, ['repeat']);
  assert.deepEqual((await afterStart(ledger, [B, LAST - 600_000])).verdicts, ['new']);
  const young = await filled(t, history(30).slice(0, 5));
  assert.deepEqual((await afterStart(young, [B, 5])).verdicts, ['new']);
});

test('a tick of many batches is known in whole', async (t) => {
  const shapes = Array.from({ length: 20 }, (_, i) => shapeOf(gauges(`layer_${i}`), {}, SHAPES));
  const ledger = await filled(t, [
    batch(1, NOW - 20_000, [B, NOW - 20_000]),
    ...shapes.map((shape, i) => batch(i + 2, NOW, [shape, NOW])),
  ]);
  const first = shapes[0] ?? A;
  assert.deepEqual(await afterStart(ledger, [first, NOW], [B, NOW - 15_000]), {
    verdicts: ['repeat', 'new'],
    recalls: 1,
  });
});

test('an epoch that is behind an earlier one takes nothing that the earlier one had', async (t) => {
  const ledger = await filled(t, [batch(1, NOW, [A, NOW]), batch(2, NOW + 90_000, [A, NOW + 90_000])]);
  await ledger.append('web-1', 'e2', [batch(1, NOW, [B, NOW]), batch(2, NOW + 100_000, [B, NOW + 100_000])]);
  assert.deepEqual((await afterStart(ledger, [A, NOW + 90_000])).verdicts, ['repeat']);
  assert.deepEqual((await afterStart(ledger, [A, NOW + 30_000])).verdicts, ['backwards']);
  assert.deepEqual((await afterStart(ledger, [A, NOW + 90_001])).verdicts, ['new']);
});

test('what was removed from the log is taken to be as new as the oldest that is left', async (t) => {
  const ledger = await filled(t, history(30), { arrivingEntries: Number.POSITIVE_INFINITY });
  const oldest = LAST - 20 * TICK_MS;
  await ledger.trim({ olderThan: oldest, bytesMax: 1e12, undelivered: new Map(), keepSince: 0 });
  assert.deepEqual((await afterStart(ledger, [B, oldest])).verdicts, ['repeat']);
  assert.deepEqual((await afterStart(ledger, [B, oldest + 1])).verdicts, ['new']);
});

test('of a host with too many entries the newest are known, and the rest is strict', async (t) => {
  const entries = Array.from({ length: 9000 }, (_, i) => batch(i + 1, NOW + i, [A, NOW + i]));
  const ledger = await filled(t, [...entries, batch(9001, NOW + 9000, [B, NOW + 8990])]);
  const c = shapeOf(gauges('c'), {}, SHAPES);
  assert.deepEqual((await afterStart(ledger, [B, NOW + 8991])).verdicts, ['new']);
  assert.deepEqual((await afterStart(ledger, [c, NOW + 8999])).verdicts, ['backwards']);
});

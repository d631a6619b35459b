/**
 * A fleet that is large for its room: unpacked, its batches of eight minutes fill it, while a host has 64 that are not fresh after
 * fifteen only. To scale: 2 GB and ten thousand hosts, of which these are some, with their share of the room.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TrimCounts } from '../ledger.ts';
import { makeRoom } from './make-room.ts';
import { PACK_POLICY, tightened } from './pack-policy.ts';
import { range, StoreBench, wireBatch } from './store-test-support.ts';

const HOSTS = range(1, 10).map((i) => `web-${i}`);
const SERIES = 500;
const BYTES_MAX = (2 * 2 ** 30 * HOSTS.length) / 10_000;
const MINUTE_MS = 60_000;
const TICK_MS = 10_000;
const TRIM_MS = 30_000;
const BORN = 1_795_330_000_000;

/** About what node_exporter has: of four values one changes with each tick, by some more or less. */
function valuesAt(host: number, tick: number): number[] {
  return range(1, SERIES).map((series) => {
    const begin = mix(series, host) % 1e8;
    return series % 4 === 0 ? begin + tick * 1000 + (mix(series + host, tick) % 500) : begin;
  });
}

/** A number of 32 bits from two. */
function mix(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b + 1, 0x9e3779b1), 0x85ebca6b);
  return (Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ (h >>> 16)) >>> 0;
}

interface Moment {
  readonly minutes: number;
  readonly counts: TrimCounts;
  /** How far back it reaches. */
  readonly heldMinutes: number;
  /** Of all hosts. */
  readonly unpacked: number;
}

/**
 * @param minutesMax then it ends
 * @param isAway no scraper takes anything, and all that there is is within its window; otherwise it takes everything at once
 * @param look ends it by false
 */
async function run(
  t: TestContext,
  minutesMax: number,
  isAway: boolean,
  look: (moment: Moment, bench: StoreBench, tick: number) => boolean,
): Promise<void> {
  const bench = new StoreBench(t);
  let tick = 0;
  for (let now = BORN + TRIM_MS; now <= BORN + minutesMax * MINUTE_MS; now += TRIM_MS) {
    const ticks = range(tick + 1, Math.floor((now - BORN) / TICK_MS));
    const entriesOf = (host: number) =>
      ticks.map((seq) => wireBatch(seq, BORN + seq * TICK_MS, valuesAt(host, seq)));
    bench.commitAll(new Map(HOSTS.map((host, i) => [host, entriesOf(i)])));
    tick += ticks.length;
    const undelivered = new Map(HOSTS.map((host) => [host, isAway ? 0 : tick]));
    const bounds = { olderThan: 0, bytesMax: BYTES_MAX, undelivered, keepSince: BORN };
    const counts = await makeRoom({
      bytesMax: BYTES_MAX,
      trimAge: async () => bench.store.trimAge(bounds),
      pack: async (from, tightness) => bench.store.pack(from, tightened(PACK_POLICY, tightness), now),
      trimSize: async () => bench.store.trimSize(bounds),
    });
    assert.equal(counts.failure, null);
    const heldMinutes = (now - bench.store.stats.oldestAt) / MINUTE_MS;
    const unpacked = HOSTS.reduce((sum, host) => sum + bench.rows(host).entries.length, 0);
    const moment = { minutes: (now - BORN) / MINUTE_MS, counts, heldMinutes, unpacked };
    if (!look(moment, bench, tick)) return;
  }
}

test('a room that raw batches of eight minutes would fill holds more than an hour', async (t) => {
  let held = 0;
  let wentAfter = Number.POSITIVE_INFINITY;
  await run(t, 110, false, ({ minutes, counts, heldMinutes, unpacked }, bench, tick) => {
    assert.equal(counts.full, false);
    if (counts.size > 0) wentAfter = Math.min(wentAfter, minutes);
    held = heldMinutes;
    // Four minutes' are a half of the room.
    assert.ok(unpacked <= HOSTS.length * 24, `${unpacked} entries are not packed after ${minutes} minutes`);
    for (const host of minutes % 10 === 0 ? HOSTS.slice(0, 2) : []) {
      const offsets = bench.readAll(host);
      assert.deepEqual(offsets, range(offsets[0] ?? 0, tick), 'a host’s log has no hole');
    }
    return true;
  });
  t.diagnostic(`the first went after ${wentAfter} minutes; ${held} minutes are held in the end`);
  assert.ok(wentAfter > 70 && held > 70, `${held} minutes, the first went after ${wentAfter}`);
});

test('while no scraper comes, it is full after more than an hour only, and then all of it is packed', async (t) => {
  let fullAfter = 0;
  await run(t, 200, true, ({ minutes, counts, heldMinutes, unpacked }, bench, tick) => {
    if (counts.full !== true) return true;
    fullAfter = minutes;
    assert.ok(unpacked <= HOSTS.length, `${unpacked} entries are not packed`);
    assert.ok(heldMinutes > minutes - 1, 'nothing has gone');
    for (const host of HOSTS) assert.deepEqual(bench.readAll(host), range(1, tick));
    return false;
  });
  t.diagnostic(`full after ${fullAfter} minutes`);
  assert.ok(fullAfter > 70, `full after ${fullAfter} minutes`);
});

/**
 * Seeded runs of `Tails` against a plain model: a list of every entry with its values, of which a host's newest are kept. What must
 * hold: `tail` ends where the log does and has the newest entries without a gap, no more than the model says may be kept and no fewer
 * where nothing forces them out; each reads as it was written, whether it leans on others or not; and what was handed out reads
 * the same for ever.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '@tributary/shared/column';
import { presentCount } from '@tributary/shared/column';
import { type Random, randomOf } from '@tributary/shared/random';
import type { BatchEntry, Entry, LedgerGroup, Position, ShapeKey, StoredEntry, Tail } from '../ledger.ts';
import { tombstone } from '../ledger-test-support.ts';
import { packed } from '../packed-batch.ts';
import { KEEP_MS, Tails } from './tails.ts';

const HOSTS = ['web-1', 'web-2', 'db-1', 'db-2'];
const STEPS = 400;
/** Small enough that entries go long before their time, and one so large that none does. */
const UNBOUNDED = 1_000_000_000;
const BOUNDS = [9_000, 40_000, UNBOUNDED];
/** Of the same number of series, so that their payloads have one size; and others. */
const LAYOUTS = [[8], [8], [4, 4], [4, 4], [3, 5], [40], []] as const;
const SHAPES: readonly ShapeKey[] = Array.from({ length: 6 }, (_, i) => ({
  hash: String(i).repeat(64),
  body: `{"labels":{"job":"${i}"},"families":[]}`,
}));
const SPECIAL = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 0.1];

/** What an entry is, in words that tell 0 from -0 and every value from none. */
type Plain = string;

interface Kept {
  readonly plain: Plain;
  readonly cameAt: number;
  /** Among all entries of all hosts. */
  readonly arrival: number;
}

class ModelHost {
  epoch = 0;
  seq = 0;
  end: Position = { offset: 0, samples: 0, epoch: '', seq: 0 };
  kept: Kept[] = [];
  /** What the next batch is made from, since most values stay. */
  last: readonly LedgerGroup[] = [];
}

function word(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function plainColumn({ values, absent }: Column): string {
  return Array.from(values, (value, i) => (absent?.[i] === 1 ? 'absent' : word(value))).join();
}

function plainEntry(entry: Entry, place: Omit<Position, 'seq'> & { readonly own: number }): Plain {
  const { offset, samples, epoch, own } = place;
  const what =
    entry.kind === 'tombstone'
      ? [entry.lastSeq, entry.fromAt, entry.reason]
      : entry.groups.map(({ shape, at, column }) => `${shape.hash[0]}@${at}: ${plainColumn(column)}`);
  const head = [entry.kind, epoch, entry.seq, entry.at, entry.contentHash, offset, samples, own];
  return `${head.join(' ')} [${what.join('; ')}]`;
}

function plainStored(entry: StoredEntry): Plain {
  const { offset, samples: own, samplesThrough, epoch } = entry;
  return plainEntry(entry, { offset, samples: samplesThrough, epoch, own });
}

function samplesOf(entry: Entry): number {
  if (entry.kind === 'tombstone') return 0;
  return entry.groups.reduce((sum, { column }) => sum + presentCount(column), 0);
}

function randomColumn(random: Random, series: number): Column {
  const values = Float64Array.from({ length: series }, () =>
    random() < 0.3 ? random.pick(SPECIAL) : random.below(1000),
  );
  const absent = random() < 0.4 ? Uint8Array.from(values, () => (random() < 0.3 ? 1 : 0)) : null;
  return { values, absent };
}

/** The same with a value or two changed, or one that is absent now, or there again. */
function changed(random: Random, { values, absent }: Column): Column {
  const own = values.slice();
  const gone = absent?.slice() ?? null;
  for (let changes = random.below(3); changes > 0 && own.length > 0; changes--) {
    const i = random.below(own.length);
    own[i] = random() < 0.3 ? random.pick(SPECIAL) : (own[i] ?? 0) + 1;
    if (gone !== null && random() < 0.5) gone[i] = 1 - (gone[i] ?? 0);
  }
  return { values: own, absent: gone };
}

function nextGroups(random: Random, host: ModelHost, at: number): readonly LedgerGroup[] {
  const groupAt = () => (random() < 0.2 ? at - 1 : at);
  if (host.last.length > 0 && random() < 0.8)
    return host.last.map(({ shape, column }) => ({
      // Another shape of the same size now and then: the payload does not tell.
      shape: random() < 0.1 ? random.pick(SHAPES) : shape,
      at: groupAt(),
      column: changed(random, column),
    }));
  return random.pick(LAYOUTS).map((series) => ({
    shape: random.pick(SHAPES),
    at: groupAt(),
    column: randomColumn(random, series),
  }));
}

class Run {
  readonly #random: Random;
  readonly #clock = { now: 0 };
  readonly #tails: Tails;
  readonly #model = new Map<string, ModelHost>();
  /** What was handed out, and how it read then. */
  readonly #shown: { readonly tail: Tail; readonly plain: readonly Plain[] }[] = [];
  readonly #bytesMax: number;
  #arrivals = 0;
  /** The highest of those that went for the bytes' sake. */
  #lastGone = -1;
  /** How many entries were looked at. */
  compared = 0;

  constructor(seed: number, bytesMax: number) {
    this.#random = randomOf(seed);
    this.#bytesMax = bytesMax;
    this.#tails = new Tails([], () => this.#clock.now, bytesMax);
  }

  step(): void {
    const name = this.#random.pick(HOSTS);
    const chance = this.#random();
    if (chance < 0.02) {
      this.#tails.forget(name);
      this.#model.delete(name);
    } else if (chance < 0.2) this.#clock.now += this.#random.below(KEEP_MS / 4);
    else this.#append(name);
    this.#compare();
    if (this.#random() < 0.1) this.#show(name);
  }

  /** Snapshots read the same, whatever went since. */
  compareShown(): void {
    for (const { tail, plain } of this.#shown) assert.deepEqual(tail.entries.map(plainStored), plain);
  }

  #append(name: string): void {
    const host = this.#model.get(name) ?? new ModelHost();
    this.#model.set(name, host);
    if (this.#random() < 0.05) {
      host.epoch++;
      host.seq = 0;
    }
    const epoch = `${name} ${host.epoch}`;
    const fresh = Array.from({ length: 1 + this.#random.below(3) }, () => this.#entry(host));
    // A repeat stands before what is new.
    const repeats: Entry[] = this.#random() < 0.2 ? [tombstone(1, 1)] : [];
    const { now } = this.#clock;
    for (const entry of fresh) {
      const own = samplesOf(entry);
      const offset = host.end.offset + 1;
      const samples = host.end.samples + own;
      host.end = { offset, samples, epoch, seq: entry.kind === 'tombstone' ? entry.lastSeq : entry.seq };
      const plain = plainEntry(entry, { ...host.end, own });
      host.kept.push({ plain, cameAt: now, arrival: this.#arrivals++ });
    }
    const entries = [...repeats, ...fresh].map((entry) => packed(entry));
    this.#tails.add({ append: { host: name, epoch }, entries }, fresh.length, host.end);
    for (const other of this.#model.values())
      other.kept = other.kept.filter(({ cameAt }) => cameAt >= now - KEEP_MS);
  }

  #entry(host: ModelHost): Entry {
    const seq = ++host.seq;
    if (this.#random() < 0.08) {
      host.seq += this.#random.below(3);
      return tombstone(seq, host.seq);
    }
    const at = seq * 1000;
    const groups = nextGroups(this.#random, host, at);
    host.last = groups;
    return { kind: 'batch', seq, at, contentHash: this.#random.below(1e9), groups } satisfies BatchEntry;
  }

  #compare(): void {
    assert.ok(this.#tails.bytes >= 0 && this.#tails.bytes <= this.#bytesMax, `${this.#tails.bytes} bytes`);
    for (const name of HOSTS) {
      const host = this.#model.get(name);
      const tail = this.#tails.of(name);
      if (host === undefined) {
        assert.equal(tail, null);
        continue;
      }
      assert.deepEqual(tail?.end, host.end);
      const entries = tail?.entries ?? [];
      const gone = host.kept.splice(0, Math.max(0, host.kept.length - entries.length));
      this.#lastGone = Math.max(this.#lastGone, gone.at(-1)?.arrival ?? -1);
      assert.deepEqual(
        entries.map(plainStored),
        host.kept.map(({ plain }) => plain),
        name,
      );
      this.compared += entries.length;
    }
    // Nothing goes for the bytes' sake where there is room, and otherwise those that came first, whoever's they are.
    if (this.#bytesMax === UNBOUNDED) assert.equal(this.#lastGone, -1);
    for (const { kept } of this.#model.values()) assert.ok((kept[0]?.arrival ?? Infinity) > this.#lastGone);
  }

  #show(name: string): void {
    const tail = this.#tails.of(name);
    if (tail !== null) this.#shown.push({ tail, plain: tail.entries.map(plainStored) });
  }
}

for (const bytesMax of BOUNDS) {
  test(`random entries read as they were written, with a bound of ${bytesMax} bytes`, () => {
    for (let seed = 1; seed <= 8; seed++) {
      const run = new Run(seed, bytesMax);
      try {
        for (let i = 0; i < STEPS; i++) {
          run.step();
          if (i % 50 === 0) run.compareShown();
        }
        run.compareShown();
        assert.ok(run.compared > STEPS, `${run.compared} entries were looked at`);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
}

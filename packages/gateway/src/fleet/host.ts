/** What the gateway knows of one host now: who it is, how it stands, and its newest points. */
import { type Column, presentCount } from '@tributary/shared/column';
import type { Hello } from '@tributary/shared/frames';
import { printable } from '@tributary/shared/names';
import type { AdmittedShape } from '../link/admission.ts';
import type { DropReason } from '../link/observer.ts';
import { overlap } from '../link/overlap.ts';
import { targetText } from '../link/series-text.ts';
import { Limited } from './limited.ts';
import { Rivals } from './rivals.ts';

/** One point of every series of a shape; `hidden[i] === 1` where another shape of the host has a newer point. */
export interface NewestPoint {
  readonly at: number;
  readonly column: Column;
  readonly hidden: Uint8Array | null;
  /** Values of the column that are not absent. */
  readonly present: number;
}

/** The newest points of one shape of one host. `newest` is replaced, never changed. */
export interface HostGroup {
  readonly host: string;
  readonly shape: AdmittedShape;
  /** What follows every prefix of the shape's lines. */
  readonly target: string;
  newest: NewestPoint;
}

/** Seqs that will never come, as they stand in the API. */
export interface Gap {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly fromAt: number;
  readonly toAt: number;
  readonly reason: string;
}

/** Gaps that are remembered of each host; older ones are only counted. */
const GAPS_MAX = 100;
/** Reasons that are counted apart; a host may write what it likes there, and each becomes a series. */
const REASONS_MAX = 16;
const REASON = /^[a-z0-9_]{1,32}$/;
/**
 * What is counted from zero from the moment a host is known: an alert's `increase()` does not see the first event of a
 * counter that begins with it. Of the losses only those that befall a fleet in operation: each of these costs two
 * series a host. The rare ones (`too_large`, `corrupt`, …) begin with their first event.
 */
const DROP_REASONS = { backwards: 0, repeat: 0, rejected: 0 } satisfies Record<DropReason, number>;
const LOSS_REASONS = { spool_age: 0, spool_full: 0, unexplained: 0, too_old: 0 };

export class FleetHost {
  readonly name: string;
  epoch = '';
  run = '';
  agent = '';
  os = '';
  address = '';
  connected = false;
  /** Since when its name is known, in ms of uptime; -Infinity when the ledger had it at the start. */
  knownSince = Number.POSITIVE_INFINITY;
  /** When the present or the last connection began; 0 for none since the gateway's start. */
  connectedAt = 0;
  /** When anything was last known of the host: a connection's begin or end, or a sample. */
  lastSeenAt: number;
  /** The time of the newest sample in ms; 0 for none. */
  lastSampleAt = 0;
  /** The last seq of the present epoch that is on disk. */
  seq = 0;
  /** Host's wall clock minus the gateway's, in ms, as the last hello told. */
  skewMs = 0;
  samples = 0;
  readonly dropped = new Map<string, number>(Object.entries(DROP_REASONS));
  readonly rejected = new Map<string, number>();
  /** Time that told gaps and skips cover, by reason. A loss that nobody told has none: see `lostBatches`. */
  readonly lostMs = new Map<string, number>(Object.entries(LOSS_REASONS));
  /** Seqs that a gap or a skip settled without samples, by the same reasons. */
  readonly lostBatches = new Map<string, number>(Object.entries(LOSS_REASONS));
  readonly gaps: Gap[] = [];
  readonly limited = new Limited();
  readonly rivals = new Rivals();
  readonly groups = new Map<AdmittedShape, HostGroup>();
  /** Of each group that has series in common with others: these others. Nearly always empty. */
  readonly #related = new Map<HostGroup, Set<HostGroup>>();
  /** Whose newest columns are views of the last batch that came, as far as nothing newer did since. */
  #attached: HostGroup[] = [];
  #reportsUp = false;

  constructor(name: string, now: number) {
    this.name = name;
    this.lastSeenAt = now;
  }

  /** Series that have a newest point. */
  get series(): number {
    let count = 0;
    for (const { newest } of this.groups.values()) {
      count += newest.present;
      const { absent } = newest.column;
      if (newest.hidden === null) continue;
      for (const [i, flag] of newest.hidden.entries()) if (flag === 1 && absent?.[i] !== 1) count--;
    }
    return count;
  }

  /**
   * True once the host itself has reported the `up` of its job `node`. It stays so when the host goes silent: a series
   * that had timestamps must not go on without them.
   */
  get reportsUp(): boolean {
    return this.#reportsUp;
  }

  opened(hello: Hello, address: string, now: number, skewMs: number): void {
    this.rivals.welcome(hello.epoch, address, now);
    this.epoch = hello.epoch;
    this.run = hello.run;
    // These become labels of the gateway's own series, and lines of logs.
    this.agent = printable(hello.agent);
    this.os = printable(hello.os);
    this.address = address;
    this.connected = true;
    this.connectedAt = now;
    this.lastSeenAt = now;
    this.skewMs = skewMs;
  }

  closed(now: number): void {
    this.connected = false;
    this.lastSeenAt = now;
  }

  /** The gateway's clock was set by so much: what was told by the old one is carried over. */
  clockStepped(stepMs: number): void {
    this.skewMs -= stepMs;
    this.limited.clockStepped(stepMs);
    this.rivals.clockStepped(stepMs);
    this.lastSeenAt += stepMs;
    if (this.connectedAt !== 0) this.connectedAt += stepMs;
  }

  /**
   * Takes a batch's values as the newest of their series. Its columns are views of one buffer: those that the next batch does not
   * say again are copied then, so that no series holds a whole batch for as long as it is shown.
   * @returns true when the host had not had all of these groups before.
   */
  applyBatch(groups: readonly { shape: AdmittedShape; at: number; column: Column }[]): boolean {
    const before = this.#attached;
    const buffers = before.map(({ newest }) => newest.column.values.buffer);
    let isNew = false;
    this.#attached = [];
    for (const { shape, at, column } of groups) {
      if (this.apply(shape, at, column)) isNew = true;
      const group = this.groups.get(shape);
      if (group?.newest.column === column) this.#attached.push(group);
    }
    for (const [i, group] of before.entries()) {
      const { newest } = group;
      if (newest.column.values.buffer === buffers[i])
        group.newest = { ...newest, column: copyOf(newest.column) };
    }
    return isNew;
  }

  /**
   * Takes a group's values as the newest of their series.
   * @returns true when the host had no such group before.
   */
  apply(shape: AdmittedShape, at: number, column: Column): boolean {
    const present = presentCount(column);
    this.samples += present;
    if (at > this.lastSampleAt) this.lastSampleAt = at;
    const newest = { at, column, hidden: null, present };
    let group = this.groups.get(shape);
    const isNew = group === undefined;
    if (group === undefined) {
      group = { host: this.name, shape, target: targetText(shape.labels, this.name), newest };
      this.#relate(group);
      this.groups.set(shape, group);
      this.#reportsUp ||= isUpOfNode(shape);
    } else if (at > group.newest.at) group.newest = newest;
    else return false;
    for (const other of this.#related.get(group) ?? []) {
      hideBehind(group, other);
      hideBehind(other, group);
    }
    return isNew;
  }

  /** Drops groups whose points are older. @returns true when there were any. */
  expire(olderThan: number): boolean {
    let expired = false;
    for (const [shape, group] of this.groups) {
      if (group.newest.at >= olderThan) continue;
      this.groups.delete(shape);
      this.#unrelate(group);
      expired = true;
    }
    return expired;
  }

  lost(gap: Gap): void {
    const told = REASON.test(gap.reason) ? gap.reason : 'other';
    const reason = this.lostMs.has(told) || this.lostMs.size < REASONS_MAX ? told : 'other';
    this.lostMs.set(reason, (this.lostMs.get(reason) ?? 0) + (gap.toAt - gap.fromAt));
    this.lostBatches.set(reason, (this.lostBatches.get(reason) ?? 0) + (gap.toSeq - gap.fromSeq + 1));
    this.gaps.push(gap);
    if (this.gaps.length > GAPS_MAX) this.gaps.shift();
  }

  #relate(group: HostGroup): void {
    for (const other of this.groups.values()) {
      if (overlap(group.shape, other.shape) === null) continue;
      this.#relatedOf(group).add(other);
      this.#relatedOf(other).add(group);
    }
  }

  #relatedOf(group: HostGroup): Set<HostGroup> {
    let related = this.#related.get(group);
    if (related === undefined) {
      related = new Set();
      this.#related.set(group, related);
    }
    return related;
  }

  #unrelate(group: HostGroup): void {
    for (const other of this.#related.get(group) ?? []) {
      const left = this.#related.get(other);
      left?.delete(group);
      if (left?.size === 0) this.#related.delete(other);
    }
    this.#related.delete(group);
  }
}

/**
 * A series that stands in several shapes is shown from the one with the newest point only: hides what `by` has a newer point of.
 * Only ever more is hidden of a group until it has a newer point itself, so one other
 * group at a time may be looked at: a host that restates a series a thousand times would cost a million looks else.
 */
function hideBehind(group: HostGroup, by: HostGroup): void {
  if (by.newest.at <= group.newest.at) return;
  const flags = overlap(group.shape, by.shape);
  if (flags === null) return;
  const before = group.newest.hidden;
  if (before !== null && flags.every((flag, i) => flag === 0 || before[i] === 1)) return;
  const hidden = before === null ? new Uint8Array(group.shape.length) : Uint8Array.from(before);
  // An absent newer value hides the older one as well: the series has no value now.
  for (const [i, flag] of flags.entries()) if (flag === 1) hidden[i] = 1;
  group.newest = { ...group.newest, hidden };
}

function copyOf({ values, absent }: Column): Column {
  return { values: values.slice(), absent: absent?.slice() ?? null };
}

function isUpOfNode({ labels, families }: AdmittedShape): boolean {
  if ((labels['job'] ?? 'node') !== 'node') return false;
  return families.some(({ name, prefixes }) => name === 'up' && prefixes.includes('up{'));
}

/** What the gateway knows of one host now: who it is, how it stands, and its newest points. */
import { type Column, presentCount } from '@tributary/shared/column';
import type { Hello } from '@tributary/shared/frames';
import type { AdmittedShape } from '../link/admission.ts';
import { overlap } from '../link/overlap.ts';
import { targetText } from '../link/series-text.ts';

/** One point of every series of a shape; `hidden[i] === 1` where another shape of the host has a newer point. */
export interface NewestPoint {
  readonly at: number;
  readonly column: Column;
  readonly hidden: Uint8Array | null;
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

export class FleetHost {
  readonly name: string;
  readonly firstSeenAt: number;
  epoch = '';
  run = '';
  agent = '';
  os = '';
  address = '';
  connected = false;
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
  readonly dropped = new Map<string, number>();
  readonly rejected = new Map<string, number>();
  readonly lostMs = new Map<string, number>();
  readonly gaps: Gap[] = [];
  readonly groups = new Map<AdmittedShape, HostGroup>();
  #overlapping = false;

  constructor(name: string, now: number) {
    this.name = name;
    this.firstSeenAt = now;
    this.lastSeenAt = now;
  }

  /** Series that have a newest point. */
  get series(): number {
    let count = 0;
    for (const { newest } of this.groups.values()) {
      count += presentCount(newest.column);
      if (newest.hidden !== null) for (const flag of newest.hidden) count -= flag;
    }
    return count;
  }

  /** True when the host itself reports the `up` of its job `node`. */
  get reportsUp(): boolean {
    for (const shape of this.groups.keys()) {
      if ((shape.labels['job'] ?? 'node') !== 'node') continue;
      if (shape.families.some(({ name, prefixes }) => name === 'up' && prefixes.includes('up{'))) return true;
    }
    return false;
  }

  opened(hello: Hello, address: string, now: number): void {
    const { epoch, run, agent, os } = hello;
    Object.assign(this, {
      epoch,
      run,
      agent,
      os,
      address,
      connected: true,
      connectedAt: now,
      lastSeenAt: now,
    });
    this.skewMs = hello.clock - now;
  }

  closed(now: number): void {
    this.connected = false;
    this.lastSeenAt = now;
  }

  /**
   * Takes a group's values as the newest of their series.
   * @returns true when the host had no such group before.
   */
  apply(shape: AdmittedShape, at: number, column: Column): boolean {
    this.samples += presentCount(column);
    if (at > this.lastSampleAt) this.lastSampleAt = at;
    const newest = { at, column, hidden: null };
    const known = this.groups.get(shape);
    if (known === undefined) {
      this.groups.set(shape, { host: this.name, shape, target: targetText(shape.labels, this.name), newest });
      this.#overlapping = this.#hasOverlap();
    } else if (at > known.newest.at) known.newest = newest;
    if (this.#overlapping) this.#hideOlder();
    return known === undefined;
  }

  /** Drops groups whose points are older. @returns true when there were any. */
  expire(olderThan: number): boolean {
    let expired = false;
    for (const [shape, { newest }] of this.groups) {
      if (newest.at >= olderThan) continue;
      this.groups.delete(shape);
      expired = true;
    }
    if (expired) this.#overlapping = this.#hasOverlap();
    return expired;
  }

  lost(gap: Gap): void {
    const ms = gap.toAt - gap.fromAt;
    this.lostMs.set(gap.reason, (this.lostMs.get(gap.reason) ?? 0) + ms);
    this.gaps.push(gap);
    if (this.gaps.length > GAPS_MAX) this.gaps.shift();
  }

  #hasOverlap(): boolean {
    const shapes = [...this.groups.keys()];
    return shapes.some((a, i) => shapes.slice(i + 1).some((b) => overlap(a, b) !== null));
  }

  /** A series that stands in several shapes is shown from the one with the newest point only. */
  #hideOlder(): void {
    for (const group of this.groups.values()) {
      let hidden: Uint8Array | null = null;
      for (const other of this.groups.values()) {
        if (other === group || other.newest.at <= group.newest.at) continue;
        const flags = overlap(group.shape, other.shape);
        if (flags === null) continue;
        hidden ??= new Uint8Array(group.shape.length);
        // An absent newer value hides the older one as well: the series has no value now.
        for (const [i, flag] of flags.entries()) if (flag === 1) hidden[i] = 1;
      }
      group.newest = { ...group.newest, hidden };
    }
  }
}

/**
 * The fleet: who is there, and the newest points of everyone. Everything here is memory; what must outlive the process
 * is the ledger's, from which `restore` brings the newest points back at a start.
 */
import type { Clock } from '@tributary/shared/clock';
import type { Hello } from '@tributary/shared/frames';
import type { HostState, Ledger, StoredEntry, TombstoneEntry } from '../ledger/ledger.ts';
import type { HostLimit, RateLimit } from '../limits/limit-name.ts';
import type { DropReason, SettledEntry } from '../link/observer.ts';
import type { ShapeRegistry } from '../link/shape-registry.ts';
import { FleetHost, type HostGroup } from './host.ts';
import type { LimitInForce } from './limited.ts';
import { Skews, type Standing } from './skews.ts';

export interface FleetOptions {
  readonly clock: Clock;
  /** Milliseconds that never step, unlike the clock's. */
  readonly uptimeMs: () => number;
  /** A host or a series without a newer sample is no longer shown. */
  readonly staleAfterMs: () => number;
  /** A host that was not seen for so long is forgotten. */
  readonly forgetAfterMs: () => number;
  /** Told when this machine's clock was set, and by how much. */
  readonly onClockStep?: (stepMs: number) => void;
}

/** For so long after a start, hosts keep the state they had, so that a restart of the gateway alerts nobody. */
const GRACE_MS = 60_000;
/** No host is forgotten before: by then those that are there have said what time it is. */
const FIRST_FORGET_MS = 10 * 60_000;
/** A host that is known for so long says more about the time than one that has just come. */
const OLD_MS = 10 * 60_000;
/** Clocks are steered a little all the time; more than this between two looks is a step. */
const STEP_MS_MIN = 500;
/** Hosts that are read from the ledger at a time during a start, and how many times at once: while one is taken in the next is read. */
const RESTORE_HOSTS = 256;
const RESTORE_CONCURRENCY = 2;
/** Entries of each that are looked at: the last alone may be a tombstone, or one of several batches of a tick. */
const RESTORE_ENTRIES = 16;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #hosts = new Map<string, FleetHost>();
  readonly #skews = new Skews();
  readonly #standing: Standing = {
    isConnected: (host) => this.#hosts.get(host)?.connected ?? false,
    isOld: (host) => {
      const since = this.#hosts.get(host)?.knownSince ?? Number.POSITIVE_INFINITY;
      return this.#options.uptimeMs() - since >= OLD_MS;
    },
  };
  /** Of any host, in ms. */
  #newestSampleAt = 0;
  /** In ms of uptime. */
  readonly #startedAt: number;
  /** Hosts that were up when the gateway went down, and have not been lost since. */
  readonly #wereUp = new Set<string>();
  /** The clock minus the uptime, as they stood last. */
  #clockOffset: number;
  #sorted: readonly FleetHost[] | null = null;
  #groups: readonly HostGroup[] | null = null;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#startedAt = options.uptimeMs();
    this.#clockOffset = options.clock.now() - this.#startedAt;
  }

  get size(): number {
    return this.#hosts.size;
  }

  /** All hosts, by name. The array is kept while no host comes or goes. */
  hosts(): readonly FleetHost[] {
    this.#sorted ??= [...this.#hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#sorted;
  }

  host(name: string): FleetHost | undefined {
    return this.#hosts.get(name);
  }

  /** Every group of every host, by the hosts' names. The array is kept while no group comes or goes. */
  groups(): readonly HostGroup[] {
    this.#groups ??= this.hosts().flatMap((host) => [...host.groups.values()]);
    return this.#groups;
  }

  /** Points older than this are not shown. */
  freshSince(): number {
    return this.#options.clock.now() - this.#options.staleAfterMs();
  }

  /** Connected and fresh; for a minute after a start, what was so before it. */
  isUp(host: FleetHost): boolean {
    if (host.connected && host.lastSampleAt > 0 && host.lastSampleAt >= this.freshSince()) return true;
    // Who comes back with a backlog is connected before it is fresh.
    return this.#wereUp.has(host.name) && this.#options.uptimeMs() - this.#startedAt < GRACE_MS;
  }

  /** The median of the hosts' skews in ms; null while too few have spoken to tell. */
  medianSkewMs(): number | null {
    return this.#skews.median(this.#options.uptimeMs(), this.#standing);
  }

  /** True when it is the gateway's clock that is wrong: see `Skews`. */
  clockIsWrong(): boolean {
    this.#followClock();
    const aheadMs = this.#newestSampleAt - this.#options.clock.now();
    return this.#skews.clockIsWrong(this.#options.uptimeMs(), this.#standing, aheadMs);
  }

  /** A hello came of who may speak for the host, whether it will be welcomed or not. @param skewMs the host's clock minus the gateway's */
  greeted(host: string, skewMs: number): void {
    this.#followClock();
    this.#skews.note(host, skewMs, this.#options.uptimeMs());
  }

  /** @param skewMs the host's clock minus the gateway's when its hello came. */
  opened(hello: Hello, address: string, skewMs: number): void {
    this.greeted(hello.host, skewMs);
    this.#ensure(hello.host).opened(hello, address, this.#options.clock.now(), skewMs);
  }

  closed(name: string): void {
    this.#followClock();
    const host = this.#hosts.get(name);
    if (host?.connected !== true) return;
    host.closed(this.#options.clock.now());
    this.#wereUp.delete(name);
  }

  settled(name: string, entries: readonly SettledEntry[]): void {
    const host = this.#ensure(name);
    host.lastSeenAt = this.#options.clock.now();
    let changed = false;
    for (const entry of entries) {
      host.seq = entry.kind === 'batch' ? entry.seq : entry.lastSeq;
      if (entry.kind === 'tombstone') noteLoss(host, entry);
      else if (host.applyBatch(entry.groups)) changed = true;
    }
    if (changed) this.#groups = null;
    if (host.lastSampleAt > this.#newestSampleAt) this.#newestSampleAt = host.lastSampleAt;
  }

  dropped(name: string, reason: DropReason, samples: number): void {
    add(this.#ensure(name).dropped, reason, samples);
  }

  rejected(name: string, code: string): void {
    add(this.#ensure(name).rejected, code, 1);
  }

  /** Somebody else came by the host's name while it was connected. @param address of that one */
  rivalled(name: string, address: string): void {
    this.#hosts.get(name)?.rivals.refuse(address, this.#options.clock.now());
  }

  /** Something of the host was turned away for a limit, or it has to wait. */
  limited(name: string, limit: HostLimit): void {
    this.#hosts.get(name)?.limited.passed(limit, this.#options.clock.now());
  }

  /** The host was held back for so long. */
  slowed(name: string, limit: RateLimit, ms: number): void {
    this.#hosts.get(name)?.limited.slowed(limit, ms, this.#options.clock.now());
  }

  /** The limits that a host is over. */
  limitsInForce(host: FleetHost): readonly LimitInForce[] {
    return host.limited.inForce(this.#options.clock.now());
  }

  forget(name: string): void {
    this.#wereUp.delete(name);
    this.#skews.forget(name);
    if (!this.#hosts.delete(name)) return;
    this.#sorted = null;
    this.#groups = null;
  }

  /**
   * Drops stale points; nothing while the clock is wrong.
   * @returns hosts that were not seen for the bound and are to be forgotten; none soon after a start, when nobody has said yet
   *   whether the clock is right.
   */
  expire(): string[] {
    this.#followClock();
    if (this.clockIsWrong()) return [];
    const isEarly = this.#options.uptimeMs() - this.#startedAt < FIRST_FORGET_MS;
    const forgetBefore = this.#options.clock.now() - this.#options.forgetAfterMs();
    const gone: string[] = [];
    for (const host of this.#hosts.values()) {
      if (host.expire(this.freshSince())) this.#groups = null;
      if (!isEarly && this.#isForgettable(host, forgetBefore)) gone.push(host.name);
    }
    return gone;
  }

  /** Whether a host that `expire` named is still to be forgotten: it may have come back since. */
  isForgettable(name: string): boolean {
    const host = this.#hosts.get(name);
    const forgetBefore = this.#options.clock.now() - this.#options.forgetAfterMs();
    return host !== undefined && this.#isForgettable(host, forgetBefore);
  }

  /**
   * Brings back what the ledger knows: every host, and the newest points of those that still have fresh ones. Read are
   * the last entries of each host only. Not covered: a series whose newest point is older than these comes back with
   * its next one, and so does the knowledge that a host reports its own `up` (`FleetHost.reportsUp`) where these, as
   * far as they are fresh, do not show it.
   */
  async restore(ledger: Ledger, shapes: ShapeRegistry): Promise<void> {
    const states = await ledger.hosts();
    const newestAt = states.reduce((newest, { lastAt }) => Math.max(newest, lastAt), 0);
    this.#newestSampleAt = newestAt;
    for (const state of states) this.#restoreHost(state, newestAt);
    const fresh = states.filter(({ lastAt }) => lastAt >= this.freshSince()).map(({ host }) => host);
    const work = async () => {
      for (
        let names = fresh.splice(0, RESTORE_HOSTS);
        names.length > 0;
        names = fresh.splice(0, RESTORE_HOSTS)
      ) {
        const lists = await ledger.newest(names, RESTORE_ENTRIES);
        for (const [i, name] of names.entries())
          restoreGroups(this.#ensure(name), lists[i] ?? [], shapes, this.freshSince());
      }
    };
    await Promise.all(Array.from({ length: RESTORE_CONCURRENCY }, work));
    this.#groups = null;
  }

  /** @param newestAt the time of anyone's newest sample */
  #restoreHost({ host: name, epoch, lastAt }: HostState, newestAt: number): void {
    const host = this.#ensure(name);
    host.epoch = epoch;
    host.knownSince = Number.NEGATIVE_INFINITY;
    host.lastSampleAt = lastAt;
    if (lastAt === 0) return;
    host.lastSeenAt = Math.min(lastAt, this.#options.clock.now());
    // When the gateway went down is not written anywhere; the newest sample of anyone tells it well enough. Who
    // was fresh then counts as up: how often a host sends is its own affair, and who was connected is not known.
    if (newestAt - lastAt <= this.#options.staleAfterMs()) this.#wereUp.add(name);
  }

  #isForgettable(host: FleetHost, before: number): boolean {
    return !host.connected && host.lastSeenAt < before;
  }

  /**
   * Notices that this machine's clock was set: what was measured against the old one is carried over to the new one.
   * Otherwise a gateway that booted in 1970 would forget the fleet once it learned the time, and would hold its own
   * former error against every host.
   */
  #followClock(): void {
    const offset = this.#options.clock.now() - this.#options.uptimeMs();
    const step = offset - this.#clockOffset;
    this.#clockOffset = offset;
    if (Math.abs(step) < STEP_MS_MIN) return;
    this.#skews.clockStepped(step);
    for (const host of this.#hosts.values()) host.clockStepped(step);
    this.#options.onClockStep?.(step);
  }

  #ensure(name: string): FleetHost {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new FleetHost(name, this.#options.clock.now());
      host.knownSince = this.#options.uptimeMs();
      this.#hosts.set(name, host);
      this.#sorted = null;
    }
    return host;
  }
}

function noteLoss(host: FleetHost, entry: TombstoneEntry): void {
  const [kind, reason] = entry.reason.split(':', 2);
  if (kind !== 'gap' && kind !== 'skipped') return;
  const { seq, lastSeq, fromAt, at } = entry;
  host.lost({ fromSeq: seq, toSeq: lastSeq, fromAt, toAt: at, reason: reason ?? '' });
}

function restoreGroups(
  host: FleetHost,
  entries: readonly StoredEntry[],
  shapes: ShapeRegistry,
  freshSince: number,
): void {
  for (const entry of entries) {
    if (entry.kind !== 'batch') continue;
    for (const { shape: key, at, column } of entry.groups) {
      // A group may be older than its batch.
      if (at < freshSince) continue;
      const { shape } = shapes.restore(key);
      if (shape !== null) host.apply(shape, at, column);
    }
  }
  // Counted when they came; a counter that starts at zero must not start with these.
  host.samples = 0;
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

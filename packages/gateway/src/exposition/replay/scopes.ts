/** What of one cursor is asked for: the whole fleet, shards, single hosts. Each has its own pace and its own bodies. */
import { Budget } from './budget.ts';
import type { Delivery } from './delivery.ts';

/** Some hosts of the fleet; see `Selection`. */
export interface ScopeKey {
  /** The same text whenever the hosts are the same; '' is the whole fleet, `host=NAME` a single host. */
  readonly name: string;
  includesHost(host: string): boolean;
}

export interface Scope extends ScopeKey {
  readonly budget: Budget;
  /** Sent and neither taken nor lost, oldest first. */
  deliveries: Delivery[];
  /** Hosts that could not catch up lately, and for how long: see `plan.ts`. */
  readonly behind: Map<string, Behind>;
  /** Turns with each scrape, so that a budget too small for everyone comes to everyone. */
  turn: number;
  /** Hosts that had the last turn, and behind which offset they were served. */
  unproven: ReadonlyMap<string, number>;
  /** All samples of the last body that was complete, the gateway's own included; 0 for none. */
  servedSamples: number;
  /** How long a sample's line was in the last body; null before any. */
  bytesPerSample: number | null;
  /** Whether any body was taken since the last plan was made. */
  progressed: boolean;
}

export interface Behind {
  /** Scrapes in a row that left the host a backlog although the budget was full. */
  scrapes: number;
  /** How old the newest point was that had been taken when they began. */
  lagMs: number;
  /** True while it is shown with its newest points only. */
  thinned: boolean;
}

/** Those that were not heard of for so long are dropped; they begin anew with a full budget. */
const IDLE_MS = 3_600_000;
const SCOPES_MAX = 20_000;
/** Hosts of which it is remembered which scopes hold them. */
const HOLDING_MAX = 100_000;
const SINGLE = 'host=';

export class Scopes {
  readonly #all = new Map<string, Scope>();
  /** Those that are not of a single host. */
  #wide: Scope[] = [];
  /** By host, those of the wide ones that hold it: asking each of them costs a hash. */
  readonly #holding = new Map<string, readonly Scope[]>();

  get size(): number {
    return this.#all.size;
  }

  all(): Iterable<Scope> {
    return this.#all.values();
  }

  /** Those that were asked for since a moment of uptime. */
  *since(moment: number): Generator<Scope, void, undefined> {
    for (const scope of this.#all.values()) if (isAskedSince(scope, moment)) yield scope;
  }

  /** Whether this very one is still in use. */
  has(scope: Scope): boolean {
    return this.#all.get(scope.name) === scope;
  }

  /** When one that holds the host was asked for last, in ms of uptime; minus infinity for never. */
  lastAskedFor(host: string): number {
    let last = this.#all.get(SINGLE + host)?.budget.lastAt ?? Number.NEGATIVE_INFINITY;
    if (this.#wide.length === 0) return last;
    let holding = this.#holding.get(host);
    if (holding === undefined) {
      if (this.#holding.size >= HOLDING_MAX) this.#holding.clear();
      holding = this.#wide.filter((scope) => scope.includesHost(host));
      this.#holding.set(host, holding);
    }
    for (const { budget } of holding)
      if (budget.lastAt !== null && budget.lastAt > last) last = budget.lastAt;
    return last;
  }

  /** The scope of a key, made where there is none. */
  open({ name, includesHost }: ScopeKey, now: number, timeoutMs: number): Scope {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    if (this.#all.size >= SCOPES_MAX) this.#dropIdle(now);
    const scope: Scope = {
      name,
      includesHost,
      budget: new Budget(timeoutMs),
      deliveries: [],
      behind: new Map(),
      turn: 0,
      unproven: new Map(),
      progressed: false,
      servedSamples: 0,
      bytesPerSample: null,
    };
    this.#all.set(name, scope);
    if (singleHostOf(scope) === null) this.#setWide([...this.#wide, scope]);
    return scope;
  }

  /** Each is another from now on, to which nothing was sent yet; its pace, and when it was asked for, stay. */
  renew(): void {
    const scopes = [...this.#all.values()].map((scope) => ({
      ...scope,
      deliveries: [],
      behind: new Map(),
      unproven: new Map(),
    }));
    for (const scope of scopes) this.#all.set(scope.name, scope);
    this.#setWide(scopes.filter((scope) => singleHostOf(scope) === null));
  }

  #dropIdle(now: number): void {
    for (const scope of this.#all.values())
      if (!isAskedSince(scope, now - IDLE_MS)) this.#all.delete(scope.name);
    // All of them in use: the first one goes.
    const [oldest] = this.#all.values();
    if (this.#all.size >= SCOPES_MAX && oldest !== undefined) this.#all.delete(oldest.name);
    this.#setWide(this.#wide.filter((scope) => this.has(scope)));
  }

  #setWide(wide: Scope[]): void {
    this.#wide = wide;
    this.#holding.clear();
  }
}

/** The host of a scope that is that of a single one. */
export function singleHostOf({ name }: ScopeKey): string | null {
  return name.startsWith(SINGLE) && !name.includes('&') ? name.slice(SINGLE.length) : null;
}

function isAskedSince({ budget }: Scope, since: number): boolean {
  return budget.lastAt !== null && budget.lastAt >= since;
}

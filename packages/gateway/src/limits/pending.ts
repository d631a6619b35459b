/**
 * Connections of which nobody knows yet whose they are. Both bounds choose who goes by lot: whatever rule told the place of the
 * next to go, by age or by newness, whoever connects often enough would make it everybody else's. Nobody can: to push one honest
 * connection out, an address has to open as many as there are places in the moment that an honest one needs.
 *
 * Of a few that the lot takes, one of which nothing was read yet goes first: of a fleet that comes back faster than it can be let
 * in, those for which something was done already come through.
 */
export interface PendingSocket {
  /** Bytes that were read from it. */
  readonly bytesRead: number;
}

interface Place<T> {
  readonly ends: string;
  readonly socket: T;
  readonly address: string;
  /** In ms of uptime. */
  readonly since: number;
  /** In the list of its address. */
  index: number;
}

/** So many are drawn. Few, so that having been read from is worth something, but cannot be bought with a byte. */
const DRAWN = 8;

export class Pending<T extends PendingSocket> {
  readonly #random: () => number;
  /** By their ends, the oldest first. */
  readonly #places = new Map<string, Place<T>>();
  readonly #byAddress = new Map<string, Place<T>[]>();

  /** @param random at least 0, below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#places.size;
  }

  has(ends: string): boolean {
    return this.#places.has(ends);
  }

  /** @returns how many there are of its address now. */
  add(ends: string, socket: T, address: string, since: number): number {
    // The system may have given the ends of one to another already.
    this.delete(ends);
    let list = this.#byAddress.get(address);
    if (list === undefined) {
      list = [];
      this.#byAddress.set(address, list);
    }
    const place = { ends, socket, address, since, index: list.length };
    this.#places.set(ends, place);
    return list.push(place);
  }

  delete(ends: string): void {
    const place = this.#places.get(ends);
    if (place === undefined) return;
    this.#places.delete(ends);
    const list = this.#byAddress.get(place.address) ?? [];
    const last = list.pop();
    if (last !== undefined && last !== place) {
      list[place.index] = last;
      last.index = place.index;
    }
    if (list.length === 0) this.#byAddress.delete(place.address);
  }

  /** Those that came before a moment. */
  *before(since: number): Generator<string, void, undefined> {
    for (const [ends, place] of this.#places) {
      if (place.since > since) return;
      yield ends;
    }
  }

  /** The ends of who goes of one address. */
  drawOf(address: string): string | null {
    return this.#draw([this.#byAddress.get(address) ?? []]);
  }

  /** The ends of who goes of all: one of an address that has the most. */
  draw(): string | null {
    let most: Place<T>[][] = [];
    let size = 0;
    for (const list of this.#byAddress.values()) {
      if (list.length > size) most = [];
      if (list.length < size) continue;
      size = list.length;
      most.push(list);
    }
    return this.#draw(most);
  }

  #draw(lists: readonly (readonly Place<T>[])[]): string | null {
    let drawn: Place<T> | null = null;
    for (let i = 0; i < DRAWN; i++) {
      const place = this.#anyOf(this.#anyOf(lists) ?? []);
      if (place === undefined) break;
      if (place.socket.bytesRead === 0) return place.ends;
      drawn ??= place;
    }
    return drawn?.ends ?? null;
  }

  #anyOf<E>(items: readonly E[]): E | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }
}

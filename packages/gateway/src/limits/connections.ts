/**
 * How many connections there may be. The gateway's hosts are many and may all come from one address, that of a NAT or of a
 * proxy; so what is bounded by address is not how many there are, but how many have not shown yet that they may speak. Of these
 * the oldest gives way once it has had its time: an honest one has spoken within a moment, and whoever only holds places
 * loses them first. While none is that old, a fleet comes back faster than it can be let in: then the newest goes, for which
 * nothing was done yet, and the others are let in one by one.
 *
 * A connection is *pending* until `spoke`, which is to be called when somebody who is known asked on it or its hello was let in; until then it has
 * `HANDSHAKE_MS_MAX`. One of HTTP is *idle* between two requests, and of those that are the longest idle goes.
 */
import { addressKey } from './address-key.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';

/** What is needed of a socket. With TLS the server knows the one beneath, and requests the one above: they have the same ends. */
export interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export interface IncomingSocket extends SocketEnds {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export interface ConnectionLimits {
  /** Of one IPv4 address, or of one /64 of IPv6. */
  readonly pendingPerAddressMax: number;
  readonly pendingMax: number;
  /** For so long a pending one does not give way to a new one. */
  readonly graceMs: number;
  readonly idleMax: number;
  readonly handshakeMsMax: number;
}

/** For what `--web.max-connections` allows; a fleet of ten thousand that comes back within 15 s has some hundred pending. */
export function connectionLimits(connectionsMax: number): ConnectionLimits {
  return {
    pendingPerAddressMax: 512,
    pendingMax: 2048,
    graceMs: 5_000,
    idleMax: Math.ceil(connectionsMax / 4),
    handshakeMsMax: 15_000,
  };
}

interface Known {
  readonly socket: IncomingSocket;
  readonly address: string;
  readonly since: number;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #refused: (reason: ConnectionRefusal, address: string) => void;
  readonly #uptimeMs: () => number;
  /** By their ends, the oldest first. */
  readonly #pending = new Map<string, Known>();
  /** By address: the ends of those that are pending, the oldest first. */
  readonly #byAddress = new Map<string, Set<string>>();
  readonly #open = new Map<string, IncomingSocket>();
  /** By their ends, the longest idle first. */
  readonly #idle = new Set<string>();

  constructor(
    limits: ConnectionLimits,
    refused: (reason: ConnectionRefusal, address: string) => void,
    uptimeMs: () => number,
  ) {
    this.#limits = limits;
    this.#refused = refused;
    this.#uptimeMs = uptimeMs;
  }

  get size(): number {
    return this.#open.size;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  /** A connection was accepted. */
  opened(socket: IncomingSocket): void {
    const ends = endsOf(socket);
    const address = addressKey(socket.remoteAddress ?? '');
    this.#open.set(ends, socket);
    this.#pending.set(ends, { socket, address, since: this.#uptimeMs() });
    const ofAddress = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, ofAddress.add(ends));
    socket.once('close', () => this.#closed(ends, socket));
    const { pendingPerAddressMax, pendingMax } = this.#limits;
    if (ofAddress.size > pendingPerAddressMax) this.#cut(this.#olderOr(ends, ofAddress), 'address');
    if (this.#pending.size > pendingMax) this.#cut(this.#olderOr(ends, this.#pending.keys()), 'handshakes');
  }

  /** True until it is known whose it is. */
  isPending(socket: SocketEnds): boolean {
    return this.#pending.has(endsOf(socket));
  }

  /** Who asked on it is known, and was let in: from now on it is somebody's. */
  spoke(socket: SocketEnds): void {
    this.#settle(endsOf(socket));
  }

  /** Its request is answered, and it waits for the next. */
  idles(socket: SocketEnds): void {
    const ends = endsOf(socket);
    // One that was never let in is pending, and goes sooner.
    if (!this.#open.has(ends) || this.#pending.has(ends)) return;
    this.#idle.delete(ends);
    this.#idle.add(ends);
    if (this.#idle.size > this.#limits.idleMax) this.#cut(this.#idle, 'idle');
  }

  /** A request came on it, or it left HTTP. */
  works(socket: SocketEnds): void {
    this.#idle.delete(endsOf(socket));
  }

  /** To be called about once a second: cuts those whose time to speak is over. */
  tick(): void {
    const before = this.#uptimeMs() - this.#limits.handshakeMsMax;
    for (const [ends, { since }] of this.#pending) {
      if (since > before) break;
      this.#cut([ends], 'handshake_time');
    }
  }

  /** The first of them if it has had its time, else the newest. */
  #olderOr(newest: string, candidates: Iterable<string>): Iterable<string> {
    const before = this.#uptimeMs() - this.#limits.graceMs;
    for (const oldest of candidates)
      return [(this.#pending.get(oldest)?.since ?? 0) <= before ? oldest : newest];
    return [];
  }

  /** Cuts the first of them. */
  #cut(candidates: Iterable<string>, reason: ConnectionRefusal): void {
    for (const ends of candidates) {
      const socket = this.#open.get(ends);
      this.#settle(ends);
      this.#idle.delete(ends);
      this.#refused(reason, socket?.remoteAddress ?? '');
      socket?.destroy();
      return;
    }
  }

  #settle(ends: string): void {
    const known = this.#pending.get(ends);
    if (known === undefined) return;
    this.#pending.delete(ends);
    const ofAddress = this.#byAddress.get(known.address);
    ofAddress?.delete(ends);
    if (ofAddress?.size === 0) this.#byAddress.delete(known.address);
  }

  #closed(ends: string, socket: IncomingSocket): void {
    // The system may have given the same ends to another one already.
    if (this.#open.get(ends) !== socket) return;
    this.#settle(ends);
    this.#idle.delete(ends);
    this.#open.delete(ends);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: SocketEnds): string {
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`;
}

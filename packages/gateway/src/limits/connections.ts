/**
 * How many connections there may be. The gateway's hosts are many and may all come from one address, that of a NAT or of a
 * proxy; so what is bounded by address is not how many there are, but how many have not shown yet that they may speak. Of these
 * the lot takes one (pending.ts): an honest one has spoken within a moment, and whoever only holds places loses them. For the bound on
 * all it is one of an address that has the most.
 *
 * A connection is *pending* until `spoke`, which is to be called when somebody who is known asked on it or its hello was let in; until then it has
 * `HANDSHAKE_MS_MAX`. One of HTTP is *idle* between two requests, and of those that are the longest idle goes.
 */
import { addressKey } from './address-key.ts';
import type { ConnectionRefusal } from './connection-refusal.ts';
import { Pending, type PendingSocket } from './pending.ts';

/** What is needed of a socket. With TLS the server knows the one beneath, and requests the one above: they have the same ends. */
export interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export interface IncomingSocket extends SocketEnds, PendingSocket {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export interface ConnectionLimits {
  /** Of one IPv4 address, or of one /64 of IPv6. */
  readonly pendingPerAddressMax: number;
  readonly pendingMax: number;
  readonly idleMax: number;
  readonly handshakeMsMax: number;
}

/** For what `--web.max-connections` allows; a fleet of ten thousand that comes back within 15 s has some hundred pending. */
export function connectionLimits(connectionsMax: number): ConnectionLimits {
  return {
    pendingPerAddressMax: 512,
    pendingMax: 2048,
    idleMax: Math.ceil(connectionsMax / 4),
    handshakeMsMax: 15_000,
  };
}

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #refused: (reason: ConnectionRefusal, address: string) => void;
  readonly #uptimeMs: () => number;
  readonly #pending: Pending<IncomingSocket>;
  readonly #open = new Map<string, IncomingSocket>();
  /** By their ends, the longest idle first. */
  readonly #idle = new Set<string>();

  constructor(
    limits: ConnectionLimits,
    refused: (reason: ConnectionRefusal, address: string) => void,
    uptimeMs: () => number,
    random: () => number = Math.random,
  ) {
    this.#pending = new Pending(random);
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
    const ofAddress = this.#pending.add(ends, socket, address, this.#uptimeMs());
    socket.once('close', () => this.#closed(ends, socket));
    const { pendingPerAddressMax, pendingMax } = this.#limits;
    if (ofAddress > pendingPerAddressMax) this.#cut(this.#pending.drawOf(address), 'address');
    if (this.#pending.size > pendingMax) this.#cut(this.#pending.draw(), 'handshakes');
  }

  /** True until it is known whose it is. */
  isPending(socket: SocketEnds): boolean {
    return this.#pending.has(endsOf(socket));
  }

  /** Who asked on it is known, and was let in: from now on it is somebody's. */
  spoke(socket: SocketEnds): void {
    this.#pending.delete(endsOf(socket));
  }

  /** Its request is answered, and it waits for the next. */
  idles(socket: SocketEnds): void {
    const ends = endsOf(socket);
    // One that was never let in is pending, and goes sooner.
    if (!this.#open.has(ends) || this.#pending.has(ends)) return;
    this.#idle.delete(ends);
    this.#idle.add(ends);
    if (this.#idle.size > this.#limits.idleMax) this.#cut(this.#idle.values().next().value ?? null, 'idle');
  }

  /** A request came on it, or it left HTTP. */
  works(socket: SocketEnds): void {
    this.#idle.delete(endsOf(socket));
  }

  /** To be called about once a second: cuts those whose time to speak is over. */
  tick(): void {
    const before = this.#uptimeMs() - this.#limits.handshakeMsMax;
    for (const ends of this.#pending.before(before)) this.#cut(ends, 'handshake_time');
  }

  #cut(ends: string | null, reason: ConnectionRefusal): void {
    if (ends === null) return;
    const socket = this.#open.get(ends);
    this.#pending.delete(ends);
    this.#idle.delete(ends);
    this.#refused(reason, socket?.remoteAddress ?? '');
    socket?.destroy();
  }

  #closed(ends: string, socket: IncomingSocket): void {
    // The system may have given the same ends to another one already.
    if (this.#open.get(ends) !== socket) return;
    this.#pending.delete(ends);
    this.#idle.delete(ends);
    this.#open.delete(ends);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: SocketEnds): string {
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`;
}

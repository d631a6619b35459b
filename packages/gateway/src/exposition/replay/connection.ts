/** The HTTP connections that scrapes come on: what was sent on each, and the cursors of those without a name. */
import type { Cursor } from './cursor.ts';
import type { Delivery } from './delivery.ts';

export class ScrapeConnection {
  readonly address: string;
  /** By selection: the places of a scraper without a name. */
  readonly cursors = new Map<string, Cursor>();
  #deliveries: Delivery[] = [];
  #open = true;

  /** When it began, in ms of uptime. */
  readonly openedAt: number;

  /** @param address of the other end, without its port */
  constructor(address: string, openedAt: number) {
    this.address = address;
    this.openedAt = openedAt;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** A request of any kind has come: whatever was sent before was read to its end. */
  requested(): void {
    for (const delivery of this.#deliveries) delivery.reused();
    this.#deliveries = this.#deliveries.filter((delivery) => !delivery.isRead && !delivery.isLost);
  }

  sent(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    // It ended while its scrape was being prepared.
    if (!this.#open) delivery.disconnected();
  }

  closed(): void {
    this.#open = false;
    for (const delivery of this.#deliveries) delivery.disconnected();
    this.#deliveries = [];
  }
}

/** By socket. */
export class ScrapeConnections {
  readonly #known = new WeakMap<object, ScrapeConnection>();

  readonly #uptimeMs: () => number;

  constructor(uptimeMs: () => number) {
    this.#uptimeMs = uptimeMs;
  }

  /** The connection of a socket, made at its first scrape. @param onClose registers what is to be called at its end */
  of(socket: object, address: string, onClose: (closed: () => void) => void): ScrapeConnection {
    let connection = this.#known.get(socket);
    if (connection === undefined) {
      connection = new ScrapeConnection(address, this.#uptimeMs());
      this.#known.set(socket, connection);
      onClose(() => connection?.closed());
    }
    return connection;
  }

  /** A request of any kind came on a socket; to be called before it is answered. */
  requested(socket: object): void {
    this.#known.get(socket)?.requested();
  }
}

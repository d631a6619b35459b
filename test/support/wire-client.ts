/** A reporter driven by hand: the wire as it is, so that a test can also send what no reporter would. */
import type { IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import WebSocket from 'ws';
import { PATIENCE_MS, within } from './eventually.ts';

export interface WireOptions {
  readonly token?: string;
  readonly subprotocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export type Frame = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** The gateway has answered the upgrade with something else than 101. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused';
  readonly status: number;

  constructor(status: number) {
    super(`the upgrade was answered with ${status}`);
    this.status = status;
  }
}

export class WireClient implements AsyncDisposable {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  readonly #listeners = new Set<() => void>();
  #closed: Closed | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => {
      if (isBinary) throw new Error('the gateway sent a binary frame');
      this.#frames.push(JSON.parse(String(data)) as Frame);
      this.#notify();
    });
    // A reset ends in `close` too, with code 1006.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#closed = { code, reason: reason.toString() };
        this.#notify();
        resolve(this.#closed);
      });
    });
  }

  /** Connects to `ws://HOST:PORT/v1/stream`. Throws UpgradeRefused when the gateway will not have it. */
  static async connect(t: TestContext, url: string, options: WireOptions = {}): Promise<WireClient> {
    const authorization = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const socket = new WebSocket(url, options.subprotocol ?? 'tributary.v1', {
      headers: { ...authorization, ...options.headers },
    });
    const client = new WireClient(socket);
    t.after(() => client[Symbol.asyncDispose]());
    const opened = new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        reject(new UpgradeRefused(response.statusCode ?? 0));
        socket.terminate();
      });
    });
    await within(PATIENCE_MS, `a connection to ${url}`, opened);
    return client;
  }

  /** Sends text as it is, or an object as JSON; a Buffer goes as a binary frame. */
  send(frame: string | Buffer | object): void {
    this.#socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** The next frame of a kind, taken out of those that have come; others stay for later. */
  async next(kind: string, timeoutMs = PATIENCE_MS): Promise<Frame> {
    return await this.find(`a frame of kind ${kind}`, (frame) => frame.kind === kind, timeoutMs);
  }

  /** The next frame that satisfies `wanted`, likewise. */
  async find(what: string, wanted: (frame: Frame) => boolean, timeoutMs = PATIENCE_MS): Promise<Frame> {
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    const look = (): void => {
      const at = this.#frames.findIndex(wanted);
      const [frame] = at < 0 ? [] : this.#frames.splice(at, 1);
      if (frame !== undefined) {
        this.#listeners.delete(look);
        resolve(frame);
      } else if (this.#closed !== null) {
        reject(
          new Error(
            `closed with ${this.#closed.code} ${this.#closed.reason} before ${what}; ${this.#left()}`,
          ),
        );
      }
    };
    this.#listeners.add(look);
    try {
      look();
      return await within(timeoutMs, `${what}; ${this.#left()}`, promise);
    } finally {
      this.#listeners.delete(look);
    }
  }

  /** Waits for the ack that settles `seq`; acks are cumulative, so a later one will do. */
  async acked(seq: number): Promise<void> {
    await this.find(`an ack of ${seq}`, (frame) => frame.kind === 'ack' && Number(frame['seq']) >= seq);
  }

  async close(code = 1000): Promise<Closed> {
    this.#socket.close(code);
    return await within(PATIENCE_MS, 'the end of the connection', this.closed);
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #left(): string {
    return `not taken: ${JSON.stringify(this.#frames).slice(0, 500)}`;
  }
}

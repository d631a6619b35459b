/**
 * A gateway that remembers every batch it ever saw, and behaves badly in all the ways that the wire allows: it acks late or
 * not at all, hangs up, has another idea of the time, and loses its disk.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { type WebSocket, WebSocketServer } from 'ws';

interface Frame {
  readonly kind: string;
  readonly epoch?: string;
  readonly oldest?: number;
  readonly next?: number;
  readonly seq?: number;
  readonly from?: number;
  readonly to?: number;
}

const CLOCK_ERRORS_MS = [0, 0, 600_000, -600_000];

export class RecordingGateway {
  readonly url: string;
  /** Batches that came, repeats included. */
  received = 0;
  connections = 0;
  /** `epoch/seq` that came with two contents. */
  readonly conflicts: string[] = [];
  /** `epoch/seq` that came where another was next. */
  readonly holes: string[] = [];
  readonly #texts = new Map<string, string>();
  readonly #next = new Map<string, number>();
  #seed: number;
  #repeats = 0;
  #disksLost = 0;

  private constructor(port: number, seed: number) {
    this.url = `ws://127.0.0.1:${port}/v1/stream`;
    this.#seed = seed;
  }

  static async start(t: TestContext, { seed }: { readonly seed: number }): Promise<RecordingGateway> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
    await once(server, 'listening');
    // A server that listens on TCP has an address of this form.
    const gateway = new RecordingGateway((server.address() as AddressInfo).port, seed);
    server.on('connection', (socket) => gateway.#serve(socket));
    t.after(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    return gateway;
  }

  get figures() {
    return {
      batches: this.#texts.size,
      repeats: this.#repeats,
      connections: this.connections,
      epochs: this.#next.size,
      disksLost: this.#disksLost,
    };
  }

  /** 0 to 1, by a generator of Park and Miller, so that a seed tells a run. */
  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }

  #serve(socket: WebSocket): void {
    let epoch = '';
    const acksNothing = this.random() < 0.2;
    const dies = this.random() < 0.3 ? 200 + this.random() * 800 : null;
    if (dies !== null) setTimeout(() => socket.terminate(), dies).unref();
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const text = data.toString();
      // What comes is the reporter's own, and this is no test of its syntax.
      const frame = JSON.parse(text) as Frame;
      if (frame.kind === 'hello') {
        epoch = frame.epoch ?? '';
        this.#greet(socket, epoch, frame);
      } else if (frame.kind === 'batch') this.#keep(epoch, frame.seq ?? 0, text);
      else if (frame.kind === 'skip') this.#settle(epoch, frame.from ?? 0, frame.to ?? 0);
      if (frame.kind === 'batch' && !acksNothing) {
        const seq = (this.#next.get(epoch) ?? 1) - 1;
        setTimeout(() => this.#send(socket, { kind: 'ack', seq, delivered: 0 }), this.random() * 100).unref();
      }
    });
  }

  #greet(socket: WebSocket, epoch: string, { oldest = 1 }: Frame): void {
    this.connections++;
    if (this.random() < 0.2) {
      this.#disksLost++;
      this.#next.clear();
    }
    const next = Math.max(this.#next.get(epoch) ?? 1, oldest);
    this.#next.set(epoch, next);
    const error = CLOCK_ERRORS_MS[Math.floor(this.random() * CLOCK_ERRORS_MS.length)] ?? 0;
    this.#send(socket, {
      kind: 'welcome',
      next,
      clock: Date.now() + error,
      horizon: 0,
      limits: DEFAULT_LIMITS,
    });
  }

  #keep(epoch: string, seq: number, text: string): void {
    this.received++;
    const key = `${epoch}/${seq}`;
    const known = this.#texts.get(key);
    if (known !== undefined) this.#repeats++;
    if (known !== undefined && known !== text) this.conflicts.push(key);
    this.#texts.set(key, text);
    this.#settle(epoch, seq, seq);
  }

  #settle(epoch: string, from: number, to: number): void {
    const next = this.#next.get(epoch) ?? 1;
    if (from > next) this.holes.push(`${epoch}/${from} where ${next} is next`);
    this.#next.set(epoch, Math.max(next, to + 1));
  }

  #send(socket: WebSocket, frame: object): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
  }
}

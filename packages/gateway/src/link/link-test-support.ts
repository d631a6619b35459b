/** The link on a real HTTP server and a real ledger, and real WebSocket clients that remember what they were told. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { encodeBatchFrame, encodeFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import { type GatewayFrame, type Hello, STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { type ClientOptions, WebSocket } from 'ws';
import type { Ledger } from '../ledger/ledger.ts';
import { HostRates, type RateLimits } from '../limits/host-rates.ts';
import { ANYONE } from './identity.ts';
import type { LinkObserver } from './observer.ts';
import { type Authorize, LinkServer } from './server.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { AMPLE_RATES, FakeClock, gauges, helloOf, NOW } from './test-support.ts';
import { Voices } from './voices.ts';

export function silentObserver(over: Partial<LinkObserver> = {}): LinkObserver {
  const nothing = () => {};
  return {
    greeted: nothing,
    opened: nothing,
    settled: nothing,
    dropped: nothing,
    rejected: nothing,
    limited: nothing,
    slowed: nothing,
    refused: nothing,
    closed: nothing,
    left: nothing,
    frame: nothing,
    ...over,
  };
}

/** Handed in by the tests: the link, and so this bench, knows the port only. */
export type OpenLedger = (options: { folder: string }) => Promise<Ledger>;

export async function openLedger(t: TestContext, open: OpenLedger): Promise<Ledger> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-link-'));
  const ledger = await open({ folder });
  t.after(async () => {
    await ledger.close();
    await rm(folder, { recursive: true });
  });
  return ledger;
}

/** A ledger that hands everything on but what is given. */
export function delegate(ledger: Ledger, over: Partial<Ledger>): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      if (Object.hasOwn(over, name)) return Reflect.get(over, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export interface LinkBench {
  readonly link: LinkServer;
  readonly http: Server;
  readonly port: number;
  readonly clock: FakeClock;
  readonly ledger: Ledger;
  /** Ports of those whose hello was let in. */
  readonly greeted: (number | undefined)[];
  readonly refusals: string[];
  readonly faults: unknown[];
  client(options?: ClientOptions): Promise<Client>;
}

export async function startLink(
  t: TestContext,
  open: OpenLedger,
  over: {
    authorize?: Authorize;
    ledger?: (real: Ledger) => Ledger;
    observer?: Partial<LinkObserver>;
    rates?: RateLimits;
    random?: () => number;
    paceMs?: () => number;
  } = {},
): Promise<LinkBench> {
  const real = await openLedger(t, open);
  const ledger = over.ledger?.(real) ?? real;
  const clock = new FakeClock();
  const refusals: string[] = [];
  const faults: unknown[] = [];
  const greeted: (number | undefined)[] = [];
  const link = new LinkServer({
    context: {
      limits: DEFAULT_LIMITS,
      clock,
      uptimeMs: clock.uptimeMs,
      shapes: new ShapeRegistry(),
      voices: new Voices(),
      rates: new HostRates(() => over.rates ?? AMPLE_RATES, clock.uptimeMs),
      times: new Map(),
      observer: silentObserver({
        refused: (host, code) => void refusals.push(`${host} ${code}`),
        ...over.observer,
      }),
      delivered: () => 0,
      isOneTooMany: () => false,
      isFull: () => false,
      clockIsWrong: () => false,
      horizonMs: () => 3_600_000,
      paceMs: () => over.paceMs?.() ?? 0,
    },
    ledger,
    authorize: over.authorize ?? (() => ({ identity: ANYONE, refusal: null })),
    greeted: ({ remotePort }) => void greeted.push(remotePort),
    random: () => over.random?.() ?? 0,
    onFault: (error) => void faults.push(error),
  });
  const http = createServer();
  http.on('upgrade', (request: IncomingMessage, socket, head) => link.upgrade(request, socket, head));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  t.after(async () => {
    await link.drain(200);
    http.close();
  });
  const client = (options: ClientOptions = {}) => Client.connect(port, options);
  return { link, http, port, clock, ledger, greeted, refusals, faults, client };
}

export class Client {
  readonly socket: WebSocket;
  readonly frames: GatewayFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #woken: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)) as GatewayFrame);
      for (const wake of this.#woken.splice(0)) wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: String(reason) });
        for (const wake of this.#woken.splice(0)) wake();
      });
    });
    socket.on('error', () => {});
  }

  static async connect(port: number, options: ClientOptions): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${STREAM_PATH}`, SUBPROTOCOL, options);
    const client = new Client(socket);
    await once(socket, 'open');
    return client;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** Says hello, waits for the welcome, and declares shape 1 with one gauge `a`. */
  async greet(over: Partial<Hello> = {}): Promise<GatewayFrame> {
    this.send(encodeFrame(helloOf(over)));
    const welcome = await this.next('welcome');
    this.send(encodeShapeFrame(1, encodeShapeBody({ labels: {}, families: gauges('a') })));
    return welcome;
  }

  batch(seq: number, value: number = seq): void {
    this.send(encodeBatchFrame(seq, NOW - 100_000 + seq, `[{"shape":1,"values":[${value}]}]`));
  }

  /** The first frame of that kind that fits, waiting for it where it is not there yet. */
  async next<K extends GatewayFrame['kind']>(
    kind: K,
    fits: (frame: Extract<GatewayFrame, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<GatewayFrame, { kind: K }>> {
    for (;;) {
      for (const frame of this.frames) {
        if (frame.kind === kind && fits(frame as Extract<GatewayFrame, { kind: K }>))
          return frame as Extract<GatewayFrame, { kind: K }>;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before a ${kind}`);
      await new Promise<void>((resolve) => this.#woken.push(resolve));
    }
  }

  acked(seq: number): Promise<GatewayFrame> {
    return this.next('ack', (ack) => ack.seq >= seq);
  }
}

/** A masked frame as a client sends it; the mask is all zeros, so the payload stands as it is. @param head flags and opcode */
export function rawFrame(head: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(14);
  bytes[0] = head;
  bytes[1] = 0x80 | 127;
  bytes.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([bytes, payload]);
}

/** For bytes that no WebSocket library would send: `ws` has no public way to its socket. */
export function socketOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

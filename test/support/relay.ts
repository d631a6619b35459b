/**
 * A chaos relay: a TCP proxy on loopback, in the test's own process, that can be told to fail as networks do. It cuts,
 * goes deaf (half-open), delays, throttles, and breaks a connection after so many bytes. It reorders nothing, since TCP
 * does not either.
 */
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { atEnd } from './at-end.ts';
import { stablePort } from './ports.ts';
import { Pipe } from './relay-pipe.ts';

export interface RelayCounts {
  /** Connections that clients have made, the refused ones not counted. */
  readonly connections: number;
  /** Those that are open now. */
  readonly open: number;
  /** From clients to the target. */
  readonly bytesUp: number;
  /** From the target to clients. */
  readonly bytesDown: number;
}

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  /** It has lived through a black hole: bytes are missing, so nothing may ever come out of it again. */
  isDeaf: boolean;
  end(): void;
}

export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #connections = new Set<Connection>();
  #server: Server | null = null;
  #isBlackhole = false;
  #delayMs = 0;
  #bytesPerSecond: number | null = null;
  #killAfter: number | null = null;
  #made = 0;
  #bytesUp = 0;
  #bytesDown = 0;

  private constructor(port: number, target: { host: string; port: number }) {
    this.port = port;
    this.#target = target;
  }

  /** @param target `host:port`; need not listen yet. */
  static async start(t: TestContext, target: string): Promise<Relay> {
    const { hostname, port } = new URL(`tcp://${target}`);
    const relay = new Relay(await stablePort(), { host: hostname, port: Number(port) });
    atEnd(t, () => relay[Symbol.asyncDispose]());
    await relay.restore();
    return relay;
  }

  /** `host:port` for clients; the same after a cut. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get counts(): RelayCounts {
    return {
      connections: this.#made,
      open: this.#connections.size,
      bytesUp: this.#bytesUp,
      bytesDown: this.#bytesDown,
    };
  }

  /** Resets every connection and refuses new ones, until `restore`. */
  cut(): void {
    this.#server?.close();
    this.#server = null;
    this.reset();
  }

  /** Resets every connection; new ones are taken. */
  reset(): void {
    for (const connection of this.#connections) connection.end();
  }

  /** Listens again after a cut, and hears again after a black hole. What was swallowed stays lost with its connections. */
  async restore(): Promise<void> {
    this.#isBlackhole = false;
    if (this.#server !== null) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Accepts connections and bytes, and nothing ever comes out, not even an end: what a lost NAT entry looks like. */
  blackhole(): void {
    this.#isBlackhole = true;
    for (const connection of this.#connections) connection.isDeaf = true;
  }

  /** Every byte, either way, comes so much later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Each connection carries no more than this, either way; null for no bound. */
  throttle(bytesPerSecond: number | null): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /**
   * The connection that carries the byte after the next so many bytes downstream, counted over all, is reset before it.
   * It happens once; null takes it back.
   */
  killAfter(bytes: number | null): void {
    this.#killAfter = bytes;
  }

  /** True while a kill is yet to happen. */
  get isKillPending(): boolean {
    return this.#killAfter !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
  }

  #accept(client: Socket): void {
    this.#made++;
    const target = createConnection({ ...this.#target, allowHalfOpen: true });
    const pipes: Pipe[] = [];
    const connection: Connection = {
      client,
      target,
      isDeaf: this.#isBlackhole,
      end: () => {
        this.#connections.delete(connection);
        for (const pipe of pipes) pipe.destroy();
        client.resetAndDestroy();
        target.resetAndDestroy();
      },
    };
    this.#connections.add(connection);
    const settings = () => ({ delayMs: this.#delayMs, bytesPerSecond: this.#bytesPerSecond });
    const isSwallowing = () => connection.isDeaf;
    const onLimit = () => connection.end();
    const up = (bytes: number) => {
      this.#bytesUp += bytes;
      return bytes;
    };
    const down = (bytes: number) => this.#countDown(bytes);
    pipes.push(new Pipe({ from: client, to: target, settings, isSwallowing, onBytes: up, onLimit }));
    pipes.push(new Pipe({ from: target, to: client, settings, isSwallowing, onBytes: down, onLimit }));
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      // A reset at one end is one at the other, unless nobody may hear of it.
      socket.on('error', () => {
        if (!connection.isDeaf) connection.end();
      });
      socket.on('close', () => this.#forgetIfOver(connection));
    }
  }

  #forgetIfOver(connection: Connection): void {
    if (connection.client.destroyed && connection.target.destroyed) this.#connections.delete(connection);
  }

  #countDown(bytes: number): number {
    let allowed = bytes;
    if (this.#killAfter !== null) {
      allowed = Math.min(bytes, this.#killAfter);
      this.#killAfter = allowed < bytes ? null : this.#killAfter - bytes;
    }
    this.#bytesDown += allowed;
    return allowed;
  }
}

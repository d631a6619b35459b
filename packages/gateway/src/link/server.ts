/**
 * The gateway's WebSocket edge: upgrades, limits on frames, pings, and the life of connections.
 *
 * The gateway inflates but never compresses its own frames: acks are tiny, and a deflate context for each connection
 * would cost 200 KB.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_INTERNAL } from '@tributary/shared/close-codes';
import { RefuseError } from '@tributary/shared/errors';
import { STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import { PING_INTERVAL_MS } from '@tributary/shared/limits';
import { WebSocket, WebSocketServer } from 'ws';
import type { Ledger } from '../ledger/ledger.ts';
import { Connection, type Wire } from './connection.ts';
import type { Identity } from './identity.ts';
import type { SessionContext } from './session.ts';

/** Why an upgrade is refused: an HTTP status, a sentence, and what `WWW-Authenticate` should say. */
export interface UpgradeRefusal {
  readonly status: number;
  readonly message: string;
  readonly challenges?: readonly string[];
}

/** Whom an upgraded connection may speak for, or why it is not upgraded. */
export type Authorize = (
  request: IncomingMessage,
) => { readonly identity: Identity; readonly refusal: null } | { readonly refusal: UpgradeRefusal };

export interface LinkServerOptions {
  readonly context: Omit<SessionContext, 'address' | 'identity'>;
  readonly ledger: Ledger;
  readonly authorize: Authorize;
  /** Errors that are the gateway's own fault. */
  readonly onFault: (error: unknown, host: string) => void;
}

/** An unread backlog of our own tiny frames can only mean that the other end does not read. */
const UNREAD_BYTES_MAX = 1024 * 1024;
const DRAIN_RETRY_MS = 1000;
/** For the other end to answer a close; afterwards the socket is cut. */
const CLOSE_MS_MAX = 10_000;

/** What `ws` closes with when a frame passes `maxPayload`. */
const CLOSE_TOO_LARGE = 1009;

/**
 * `ws` closes a connection by itself when a frame passes `maxPayload` (1009) or is no good WebSocket frame at all. The
 * protocol has answers of its own for that, so the close is turned into them here, before anything of the frame was
 * kept. Such a close comes without a reason; the echo of the other end's close comes with one, be it empty.
 */
class ReporterSocket extends WebSocket {
  onBadFrame: ((code: number) => void) | null = null;

  override close(code?: number, data?: string | Buffer): void {
    const tell = this.onBadFrame;
    if (code === undefined || data !== undefined || tell === null) return super.close(code, data);
    this.onBadFrame = null;
    tell(code);
    // Where we had closed already, this lets go of the socket at once.
    super.close(code);
  }
}

interface Live {
  readonly socket: ReporterSocket;
  readonly connection: Connection;
  pingAt: number;
}

export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #server: WebSocketServer;
  readonly #live = new Set<Live>();
  readonly #timer: NodeJS.Timeout;
  #draining = false;

  constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      WebSocket: ReporterSocket,
      // Not in the typings yet.
      ...({ closeTimeout: CLOSE_MS_MAX } as object),
      maxPayload: options.context.limits.frameBytesMax,
      perMessageDeflate: {
        // Reporters keep their context over frames; our side keeps none, for it never compresses.
        serverNoContextTakeover: true,
        threshold: Number.MAX_SAFE_INTEGER,
        concurrencyLimit: 16,
      },
      handleProtocols: (protocols) => (protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    this.#timer = setInterval(() => this.#tick(), 1000);
    this.#timer.unref();
  }

  get connections(): number {
    return this.#live.size;
  }

  /** To be bound to the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refuseUpgrade(request);
    const verdict = refusal === null ? this.#options.authorize(request) : { refusal };
    if (verdict.refusal !== null) return refuseUpgrade(socket, verdict.refusal);
    this.#server.handleUpgrade(request, socket, head, (opened) =>
      // The server was told to make sockets of this class.
      this.#accept(opened as ReporterSocket, request, verdict.identity),
    );
  }

  /** Ends the connections of credentials that are no longer good. To be called when credentials have changed. */
  reexamine(): void {
    for (const { connection } of this.#live) connection.reexamine();
  }

  /** Acks what is settled, asks everyone to come back later, and waits until all are gone. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const gone = [...this.#live].map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const { connection } of this.#live) connection.drain(DRAIN_RETRY_MS);
    const timer = setTimeout(() => {
      for (const { socket } of this.#live) socket.terminate();
    }, timeoutMs);
    await Promise.all(gone);
    clearTimeout(timer);
    clearInterval(this.#timer);
    this.#server.close();
  }

  /** Asks everyone to connect again, so that they are told the time anew. */
  recycle(reason: string): void {
    for (const { connection } of this.#live) {
      connection.session.ack();
      connection.session.refuse(new RefuseError('DRAINING', reason, DRAIN_RETRY_MS));
    }
  }

  #refuseUpgrade(request: IncomingMessage): UpgradeRefusal | null {
    const path = (request.url ?? '').split('?')[0];
    if (path !== STREAM_PATH)
      return { status: 404, message: `no stream here; reporters connect to ${STREAM_PATH}` };
    if (this.#draining) return { status: 503, message: 'the gateway is going down' };
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(SUBPROTOCOL)) {
      return { status: 400, message: `the subprotocol ${SUBPROTOCOL} must be offered` };
    }
    return null;
  }

  #accept(socket: ReporterSocket, request: IncomingMessage, identity: Identity): void {
    const { context, ledger, onFault } = this.#options;
    const address = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    const connection = new Connection({ ...context, address, identity }, ledger, wireOf(socket), (error) => {
      onFault(error, connection.session.host);
      socket.close(CLOSE_INTERNAL, 'internal error');
    });
    const live: Live = { socket, connection, pingAt: context.uptimeMs() + PING_INTERVAL_MS };
    this.#live.add(live);
    const { session } = connection;
    const { frameBytesMax } = context.limits;
    socket.onBadFrame = (code) =>
      session.refuse(
        code === CLOSE_TOO_LARGE
          ? new RefuseError('FRAME_TOO_LARGE', `a frame has more than ${frameBytesMax} bytes`)
          : new RefuseError('BAD_FRAME', 'what came is no frame of text'),
      );
    socket.on('message', (data, isBinary) => {
      if (isBinary)
        session.refuse(new RefuseError('BAD_FRAME', 'a binary frame came; only text is spoken here'));
      // With the default binaryType every message is one Buffer.
      else connection.receive(data.toString(), (data as Buffer).length);
    });
    socket.on('ping', () => session.heard());
    socket.on('pong', () => session.heard());
    // What was wrong is said by the close code; the socket closes itself.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#live.delete(live);
      connection.gone();
    });
  }

  #tick(): void {
    const now = this.#options.context.uptimeMs();
    for (const live of this.#live) {
      live.connection.tick();
      if (now < live.pingAt) continue;
      live.pingAt = now + PING_INTERVAL_MS;
      if (live.socket.readyState === WebSocket.OPEN) live.socket.ping();
    }
  }
}

function refuseUpgrade(socket: Duplex, { status, message, challenges = [] }: UpgradeRefusal): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    ...challenges.map((challenge) => `WWW-Authenticate: ${challenge}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.on('error', () => socket.destroy());
  // The other end need not close its side, and nobody else looks after an upgraded socket.
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function wireOf(socket: WebSocket): Wire {
  return {
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(text, { compress: false });
      if (socket.bufferedAmount > UNREAD_BYTES_MAX) socket.terminate();
    },
    close: (code, reason) => {
      socket.close(code, reason);
      // A paused socket would never see the other end's close.
      socket.resume();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

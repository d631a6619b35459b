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
import { DEFAULT_LIMITS, HELLO_BYTES_MAX, PING_INTERVAL_MS } from '@tributary/shared/limits';
import { WebSocket, WebSocketServer } from 'ws';
import type { Ledger } from '../ledger/ledger.ts';
import type { SocketEnds } from '../limits/connections.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import { comeAgainMs } from './come-again.ts';
import { Connection, type Wire } from './connection.ts';
import type { Identity } from './identity.ts';
import { type DeflateExtension, inflateAtOnce } from './inflate.ts';
import type { SessionContext } from './session-context.ts';

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
  /** Told once of a connection whose hello was let in. */
  readonly greeted: (socket: SocketEnds) => void;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Errors that are the gateway's own fault. */
  readonly onFault: (error: unknown, host: string) => void;
}

/** An unread backlog of our own tiny frames can only mean that the other end does not read. */
const UNREAD_BYTES_MAX = 1024 * 1024;
const DRAIN_RETRY_MS = 1000;
/** For the other end to answer a close; afterwards the socket is cut. */
const CLOSE_MS_MAX = 10_000;
/** For a stranger to read why it is sent away. */
const FAREWELL_MS = 1_000;
/** What is read of it meanwhile. */
const DEAF_BYTES_MAX = 64 * 1024;

/** From the other end after a close: what it may have on its way at most. */
const AFTER_CLOSE_BYTES_MAX = DEFAULT_LIMITS.windowBytesMax + DEFAULT_LIMITS.frameBytesMax;

/** What `ws` closes with when a frame passes `maxPayload`. */
const CLOSE_TOO_LARGE = 1009;
/** And when it comes in more pieces than these: a message in fragments, and a fragment in pieces of the network. */
const CLOSE_TOO_MANY_PIECES = 1008;
/** Reporters send whole messages. */
const FRAGMENTS_MAX = 64;
/** A whole frame of 1 MiB in the smallest packets that any network must carry (RFC 791: 576 bytes) is 1,956 pieces. */
const PIECES_MAX = 4096;

/**
 * Pings and pongs of one connection that are nothing to worry about, and how many may come in the long run. Fewer than the 60 unsent
 * answers at which `ws` cuts the connection without a word.
 */
const CONTROL_FRAMES_SAVED = 40;
const CONTROL_FRAMES_PER_SECOND = 10;

/**
 * `ws` closes a connection by itself when a frame passes `maxPayload` (1009) or is no good WebSocket frame at all. The
 * protocol has answers of its own for that, so the close is turned into them here, before anything of the frame was
 * kept. Such a close comes without a reason; the echo of the other end's close comes with one, be it empty.
 */
class ReporterSocket extends WebSocket {
  onBadFrame: ((code: number) => void) | null = null;

  /** `ws` has limits for a whole server only, and no way to stop within what it has read; its typings do not have this. Held by abuse.test.ts. */
  get #receiver(): Receiver {
    return (this as unknown as { _receiver: Receiver })._receiver;
  }

  set maxPayload(bytes: number) {
    this.#receiver._maxPayload = bytes;
    for (const extension of Object.values(this.#receiver._extensions)) extension._maxPayload = bytes;
  }

  /**
   * Takes no more apart, not even what has been read already: `ws` would go on with a chunk of 64 KiB to its end, which may be a
   * thousand frames, before anybody else has a turn.
   */
  deafen(raw: Duplex): void {
    this.#receiver._loop = false;
    // Behind a frame that was compressed it would begin again.
    this.#receiver.startLoop = (done) => done();
    raw.removeAllListeners('data');
  }

  /** To be called before anything was read. @param isUnwanted what comes now is thrown away */
  inflateAtOnce(isUnwanted: () => boolean): void {
    for (const extension of Object.values(this.#receiver._extensions)) inflateAtOnce(extension, isUnwanted);
  }

  override close(code?: number, data?: string | Buffer): void {
    const tell = this.onBadFrame;
    if (code === undefined || data !== undefined || tell === null) return super.close(code, data);
    this.onBadFrame = null;
    tell(code);
    // Where we had closed already, this lets go of the socket at once.
    super.close(code);
  }
}

interface Receiver {
  _maxPayload: number;
  /** Whether it goes on with what it has. */
  _loop: boolean;
  /** Goes on with it. @param done with what was read */
  startLoop(done: () => void): void;
  /** There is one, permessage-deflate, or none. */
  readonly _extensions: Readonly<Record<string, DeflateExtension>>;
}

interface Live {
  readonly socket: ReporterSocket;
  readonly connection: Connection;
  /** Of the connection, for whoever counts them; null once it was told that it is greeted. */
  unknown: SocketEnds | null;
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
      ...({
        closeTimeout: CLOSE_MS_MAX,
        maxFragments: FRAGMENTS_MAX,
        maxBufferedChunks: PIECES_MAX,
      } as object),
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
    const verdict = refusal === null ? this.#authorize(request) : { refusal };
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
    const { context, random } = this.#options;
    const hosts = context.voices.size;
    for (const { connection } of this.#live) {
      connection.session.ack();
      connection.session.refuse(new RefuseError('DRAINING', reason, comeAgainMs(hosts, random)));
    }
  }

  /** Nothing that a stranger sends may end the process, whatever is wrong with the credentials' file. */
  #authorize(request: IncomingMessage): ReturnType<Authorize> {
    try {
      return this.#options.authorize(request);
    } catch (error) {
      this.#options.onFault(error, '');
      return { refusal: { status: 503, message: 'credentials cannot be checked now; try again later' } };
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
    const wire = wireOf(socket, request.socket, () => live.unknown !== null);
    const connection = new Connection({ ...context, address, identity }, ledger, wire, (error) => {
      onFault(error, connection.session.host);
      socket.close(CLOSE_INTERNAL, 'internal error');
    });
    const pingAt = context.uptimeMs() + PING_INTERVAL_MS;
    const live: Live = { socket, connection, unknown: request.socket, pingAt };
    this.#live.add(live);
    const { session } = connection;
    // Before anybody has said who he is, little is kept for him.
    socket.maxPayload = HELLO_BYTES_MAX;
    socket.inflateAtOnce(() => session.closed);
    socket.onBadFrame = (code) => session.refuse(this.#faultOf(code, live));
    socket.on('message', (data, isBinary) => {
      // Whoever was sent away may have sent much before he hears of it.
      if (session.closed) return;
      if (isBinary)
        session.refuse(new RefuseError('BAD_FRAME', 'a binary frame came; only text is spoken here'));
      // With the default binaryType every message is one Buffer.
      else connection.receive(data as Buffer);
      if (live.unknown !== null && session.isGreeted) this.#greeted(live, live.unknown);
    });
    const controlFrames = new TokenBucket(
      CONTROL_FRAMES_PER_SECOND,
      CONTROL_FRAMES_SAVED,
      context.uptimeMs(),
    );
    const onControl = () => {
      session.heard();
      controlFrames.take(1, context.uptimeMs());
      if (session.closed || controlFrames.has(0, context.uptimeMs())) return;
      context.observer.limited(session.host, 'control_frames');
      session.refuse(new RefuseError('RATE', 'more pings and pongs came than anybody needs'));
    };
    socket.on('ping', onControl);
    socket.on('pong', onControl);
    // What was wrong is said by the close code; the socket closes itself.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#live.delete(live);
      connection.gone();
    });
  }

  #greeted(live: Live, socket: SocketEnds): void {
    const { context, greeted } = this.#options;
    live.unknown = null;
    live.socket.maxPayload = context.limits.frameBytesMax;
    greeted(socket);
  }

  #faultOf(code: number, { unknown }: Live): RefuseError {
    if (code === CLOSE_TOO_LARGE) {
      const bytesMax = unknown === null ? this.#options.context.limits.frameBytesMax : HELLO_BYTES_MAX;
      return new RefuseError('FRAME_TOO_LARGE', `a frame has more than ${bytesMax} bytes`);
    }
    if (code === CLOSE_TOO_MANY_PIECES)
      return new RefuseError('BAD_FRAME', 'a message came in too many pieces');
    return new RefuseError('BAD_FRAME', 'what came is no frame of text');
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

/**
 * For `Retry-After`, in s, by status. A credential that was bad too often has to be changed by somebody; what is busy or going down
 * is good again soon.
 */
const RETRY_AFTER_S: Readonly<Record<number, number>> = { 429: 60, 503: 1 };

function refuseUpgrade(socket: Duplex, { status, message, challenges = [] }: UpgradeRefusal): void {
  const body = `${message}\n`;
  const retryAfterS = RETRY_AFTER_S[status];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    ...challenges.map((challenge) => `WWW-Authenticate: ${challenge}`),
    ...(retryAfterS === undefined ? [] : [`Retry-After: ${retryAfterS}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.on('error', () => socket.destroy());
  // The other end need not close its side, and nobody else looks after an upgraded socket.
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** @param isStranger whether no hello of it was taken: a reporter says no more before that. */
function wireOf(socket: ReporterSocket, raw: Duplex, isStranger: () => boolean): Wire {
  return {
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(text, { compress: false });
      if (socket.bufferedAmount > UNREAD_BYTES_MAX) socket.terminate();
    },
    close: (code, reason) => {
      socket.close(code, reason);
      if (isStranger()) return sendAway(socket, raw);
      cutAbove(AFTER_CLOSE_BYTES_MAX, socket, raw);
      // A paused socket would never see the other end's close.
      socket.resume();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}

/**
 * A stranger has nothing on its way that anybody wants: it is told why, and not listened to any more. With two hundred of them that
 * went on sending, taking it apart took the others' time for seconds. What little may have been on its way is thrown away: left
 * unread, it would make of the close a reset, and of many such the system's memory for sockets.
 */
function sendAway(socket: ReporterSocket, raw: Duplex): void {
  socket.deafen(raw);
  cutAbove(DEAF_BYTES_MAX, socket, raw);
  raw.resume();
  // Its own close will not be heard.
  raw.end();
  setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
}

/**
 * Who spoke for a host may have a windowful on its way when it is sent away, and has to hear why, so the connection stays until he
 * closes it. One that sends more than that does not listen.
 */
function cutAbove(bytesMax: number, socket: WebSocket, raw: Duplex): void {
  let bytes = 0;
  raw.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) socket.terminate();
  });
}

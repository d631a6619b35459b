/** The edge between the session and a real WebSocket: sockets and timers, no decisions. */
import type { ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_NORMAL } from '@tributary/shared/close-codes';
import { SUBPROTOCOL } from '@tributary/shared/frames';
import { printable } from '@tributary/shared/names';
import { WebSocket } from 'ws';
import { readReason } from './denial.ts';
import { messageOf } from './error-message.ts';
import { type LinkEffects, type LinkSession, SESSION_LOOK_MS } from './session.ts';

export interface StreamOptions {
  readonly url: string;
  /** Read anew for each connection, so that a token may be renewed. @returns null for none. */
  readonly token: () => string | null;
  /** For the log: the URL without what may be secret in it. */
  readonly shownUrl: string;
  /** Opens what is under the WebSocket; null where that is a plain socket. */
  readonly dial: (() => Promise<Duplex>) | null;
  /** A connection could not be made, for the log. */
  readonly onConnectFailed: (message: string) => void;
}

const HANDSHAKE_MS = 10_000;
/** The gateway's frames are tiny; anything near this is none of them. */
const FRAME_BYTES_MAX = 1024 * 1024;
const STATUS_CHARS_MAX = 100;
/** A close that the other end does not answer. */
const CLOSE_MS = 1_500;
/** The close code of a connection that ended without one. */
const CLOSE_ABNORMAL = 1006;

export class Stream implements LinkEffects {
  readonly #options: StreamOptions;
  #session: LinkSession | null = null;
  #socket: WebSocket | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** A frame has left, or failed with its socket, of which `close` will tell. */
  readonly #onSent = (error?: Error | null): void => {
    // An old socket's frame may come here late; it does no harm to look once more.
    if (error === undefined || error === null) this.#session?.drained();
  };

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** @param makeSession gives the session whose effects this stream carries out. */
  start(makeSession: (effects: LinkEffects) => LinkSession): LinkSession {
    const session = makeSession(this);
    this.#session = session;
    // Not at once: whoever starts the stream may still be joining its parts.
    this.#lookIn(0);
    return session;
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lookIn(this.#session?.tick() ?? SESSION_LOOK_MS), ms);
  }

  connect(): void {
    const session = this.#session;
    if (session === null) return;
    let socket: WebSocket;
    try {
      const token = this.#options.token();
      socket = new WebSocket(this.#options.url, SUBPROTOCOL, {
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        handshakeTimeout: HANDSHAKE_MS,
        maxPayload: FRAME_BYTES_MAX,
        followRedirects: false,
        // Our context is kept from frame to frame: one batch is much like the last. The gateway never compresses.
        perMessageDeflate: { threshold: 0, serverNoContextTakeover: true, clientMaxWindowBits: 15 },
        ...this.#connection(),
      });
    } catch (error) {
      // A token file that cannot be read just now.
      this.#options.onConnectFailed((error as Error).message);
      queueMicrotask(() => session.closed(CLOSE_ABNORMAL, ''));
      return;
    }
    this.#socket = socket;
    this.#listen(socket, session);
  }

  #connection(): Pick<ClientRequestArgs, 'createConnection'> {
    const { dial } = this.#options;
    if (dial === null) return {};
    return {
      createConnection: (_, done) => {
        dial().then(
          (socket) => done(null, socket),
          // The second argument is only for form: there is no socket.
          (error: Error) => done(error, undefined as unknown as Duplex),
        );
        return undefined;
      },
    };
  }

  get unsentBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text, this.#onSent);
  }

  close(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), CLOSE_MS).unref();
  }

  /** Ends for good, after a goodbye where there is someone to hear it. */
  async stop(reason: string): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#session?.stop(reason);
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    if (socket.readyState === WebSocket.CONNECTING) {
      // That it never opened is no news any more.
      this.#socket = null;
      return socket.terminate();
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(CLOSE_NORMAL, reason);
    });
  }

  /** Whatever an old socket still says must not reach the session of a newer one. */
  #listen(socket: WebSocket, session: LinkSession): void {
    const isCurrent = () => this.#socket === socket;
    let isOpen = false;
    let fault = '';
    socket.on('open', () => {
      isOpen = true;
      if (isCurrent()) session.opened();
    });
    socket.on('ping', () => {
      if (isCurrent()) session.heard();
    });
    socket.on('message', (data, isBinary) => {
      if (isCurrent() && !isBinary) session.receive(data.toString());
    });
    socket.on('unexpected-response', (request, response) => {
      const { statusCode = 0, statusMessage = '' } = response;
      const status = `${statusCode} ${printable(statusMessage.slice(0, STATUS_CHARS_MAX))}`;
      // That the credential was not taken is the session's matter.
      const isDenied = [401, 403, 429].includes(statusCode);
      if (isCurrent() && !isDenied)
        this.#options.onConnectFailed(`${this.#options.shownUrl} answered ${status}`);
      const retryAfterMs = retryAfterOf(response.headers['retry-after']);
      const ended = (why: string) => {
        this.#ended(
          socket,
          CLOSE_ABNORMAL,
          `HTTP ${status}${why === '' ? '' : `: ${why}`}`,
          statusCode,
          retryAfterMs,
        );
        request.destroy();
      };
      if (isDenied) void readReason(response).then(ended);
      else ended('');
    });
    socket.on('error', (error) => {
      fault = messageOf(error);
      if (!isOpen && isCurrent()) this.#options.onConnectFailed(fault);
    });
    // Where no reason came, what broke is the reason.
    socket.on('close', (code, reason) => this.#ended(socket, code, reason.toString() || fault));
  }

  #ended(socket: WebSocket, code: number, reason: string, status = 0, retryAfterMs = 0): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#session?.closed(code, reason, status, retryAfterMs);
    if (!this.#isStopped) this.#lookIn(SESSION_LOOK_MS);
  }
}

/** In ms; 0 for none. A date is none: it would be held against this host's clock, which may be wrong. */
function retryAfterOf(header: string | undefined): number {
  return /^\d{1,9}$/.test(header ?? '') ? Number(header) * 1000 : 0;
}

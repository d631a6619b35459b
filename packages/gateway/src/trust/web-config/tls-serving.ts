/**
 * The TLS side of the gateway's HTTP server: handshakes with their limits, who may connect by its certificate, and new
 * settings for new connections while the old ones go on.
 *
 * Which certificates of clients are asked for is Go's five policies. OpenSSL verifies what is given against
 * `client_ca_file`, and lets everybody finish the handshake; whoever does not meet the policy is cut before a byte of a
 * request is read. In this way a policy can change while the server runs, and every refusal is counted with its reason.
 */
import { type EventEmitter, once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { allowableNames, type ClientPolicy, heldAgainst } from './certificate-names.ts';
import { isVerified } from './tls-settings.ts';
import type { TlsSettings } from './web-config.ts';

/** Why a connection did not come about; short and fixed, for the metric. */
export const HANDSHAKE_FAILURES = [
  'client_certificate_missing',
  'client_certificate_unverified',
  'client_certificate_not_allowed',
  'closed',
  'incompatible',
  'other',
  'plain_http',
  'rejected_by_client',
  'timeout',
  'too_many',
] as const;

export type HandshakeFailure = (typeof HANDSHAKE_FAILURES)[number];

export interface TlsServingParts {
  /** @param address of the other end, for the log; '' when it is gone. */
  readonly failed: (reason: HandshakeFailure, address: string, detail: string) => void;
  readonly handshakeMs?: number;
  readonly handshakesMax?: number;
}

/** As fastify calls them, in ms. */
export interface HttpTimes {
  /** A connection on which nothing moves for so long is cut. */
  readonly connectionTimeout: number;
  readonly keepAliveTimeout: number;
  readonly requestTimeout: number;
  readonly headersTimeout: number;
  /** How often the last two are looked at. */
  readonly connectionsCheckingInterval: number;
}

/** As Node calls it: of a request with `Upgrade`, whether it leaves HTTP; if not, it is answered as if it had none. */
export interface UpgradeRule {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean;
}

const HANDSHAKE_MS = 10_000;
/** At a time. Each has some 50 KB; a fleet that comes back at once has a few thousand. */
const HANDSHAKES_MAX = 4_096;

/** Node reads both for each connection as it comes, and its typings do not know them as fields. */
interface ClientCertificateFields {
  requestCert: boolean;
  rejectUnauthorized: boolean;
}

interface Shaking {
  readonly socket: Socket;
  /** That its handshake began with. */
  readonly policy: ClientPolicy;
}

export class TlsServing {
  readonly #parts: TlsServingParts;
  readonly #servers = new Set<Server>();
  readonly #twins: Server[] = [];
  /** By both ends, since what is told when one is done is another object than the socket that came. */
  readonly #shaking = new Map<string, Shaking>();
  #settings: TlsSettings;
  #policy: ClientPolicy = { isInForce: true };
  #times: (HttpTimes & UpgradeRule) | null = null;
  #isClosed = false;

  constructor(settings: TlsSettings, parts: TlsServingParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** An HTTPS server that follows the settings; nothing listens yet. */
  createServer(handler: RequestListener, times: HttpTimes & UpgradeRule): Server {
    const server = createServer(
      {
        ...this.#settings.context,
        // One connection is one scraper, which HTTP/2 would not keep.
        ALPNProtocols: ['http/1.1'],
        // As Node has it without TLS: the tail of a body does not wait for an acknowledgement.
        noDelay: true,
        handshakeTimeout: this.#parts.handshakeMs ?? HANDSHAKE_MS,
        keepAliveTimeout: times.keepAliveTimeout,
        requestTimeout: times.requestTimeout,
        headersTimeout: times.headersTimeout,
        connectionsCheckingInterval: times.connectionsCheckingInterval,
        shouldUpgradeCallback: times.shouldUpgradeCallback,
      },
      handler,
    );
    this.#times = times;
    server.setTimeout(times.connectionTimeout);
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    server.on('connection', (socket: Socket) => this.#connected(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => this.#failed(error, socket));
    // Before the listener of Node, which would read a request from it.
    server.prependListener('secureConnection', (socket: TLSSocket) => this.#secured(socket));
    this.#apply(server);
    return server;
  }

  /**
   * Lets what `server` serves be reached at another address too, until `close`. An address that cannot be had is left out.
   * @param server one that was created here.
   */
  async alsoListen(server: EventEmitter, host: string, port: number): Promise<void> {
    const times = this.#times;
    if (times === null) throw new RangeError('there is no server yet');
    const twin = this.createServer(
      (request, response) => void server.emit('request', request, response),
      times,
    );
    twin.on('upgrade', (...upgrade) => void server.emit('upgrade', ...upgrade));
    twin.listen(port, host);
    try {
      await once(twin, 'listening');
      this.#twins.push(twin);
    } catch {
      this.#servers.delete(twin);
    }
  }

  /** For the connections to come. */
  update(settings: TlsSettings): void {
    if (clientPolicyOf(settings) !== clientPolicyOf(this.#settings)) {
      this.#policy.isInForce = false;
      this.#policy = { isInForce: true };
    }
    this.#settings = settings;
    for (const server of this.#servers) {
      server.setSecureContext(settings.context);
      this.#apply(server);
    }
  }

  /** Cuts what has not come to be a connection, now and from now on; the servers do not know it, and would wait for it. */
  close(): void {
    this.#isClosed = true;
    for (const { socket } of this.#shaking.values()) socket.destroy();
    for (const twin of this.#twins) twin.close();
  }

  get handshakes(): number {
    return this.#shaking.size;
  }

  #apply(server: Server): void {
    const fields = server as Server & ClientCertificateFields;
    fields.requestCert = this.#settings.clientAuth !== 'NoClientCert';
    fields.rejectUnauthorized = false;
  }

  #connected(socket: Socket): void {
    if (this.#isClosed) return void socket.destroy();
    if (this.#shaking.size >= (this.#parts.handshakesMax ?? HANDSHAKES_MAX)) {
      this.#parts.failed('too_many', addressOf(socket), 'too many handshakes at a time');
      socket.destroy();
      return;
    }
    const ends = endsOf(socket);
    // Node has just given it the settings that stand now.
    this.#shaking.set(ends, { socket, policy: this.#policy });
    socket.once('close', () => {
      if (this.#shaking.get(ends)?.socket === socket) this.#shaking.delete(ends);
    });
  }

  #failed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const { code = '', message } = error;
    this.#parts.failed(failureOf(code, message), addressOf(socket), code || message);
  }

  #secured(socket: TLSSocket): void {
    const ends = endsOf(socket);
    const policy = this.#shaking.get(ends)?.policy ?? { isInForce: false };
    this.#shaking.delete(ends);
    heldAgainst(socket, policy);
    const reason = refusalOf(socket, this.#settings, policy);
    if (reason === null) return;
    const why = policy.isInForce ? String(socket.authorizationError) : 'the authorities have just changed';
    const detail = reason === 'client_certificate_unverified' ? why : '';
    this.#parts.failed(reason, addressOf(socket), detail);
    socket.destroy();
  }
}

/** What certificates of clients are held against, as a text: who was let in by another one is to be looked at anew. */
export function clientPolicyOf({ clientAuth, clientAllowedSans, context }: TlsSettings): string {
  return JSON.stringify([clientAuth, context.ca, [...(clientAllowedSans ?? [])], clientAllowedSans === null]);
}

/** Why the policy does not let it in; null when it does. */
function refusalOf(
  socket: TLSSocket,
  { clientAuth, clientAllowedSans }: TlsSettings,
  { isInForce }: ClientPolicy,
): HandshakeFailure | null {
  if (clientAuth === 'NoClientCert') return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined)
    return clientAuth.startsWith('Require') ? 'client_certificate_missing' : null;
  if (isVerified(clientAuth) && !(socket.authorized && isInForce)) return 'client_certificate_unverified';
  if (clientAllowedSans === null) return null;
  const isAllowed = allowableNames(certificate).some((name) => clientAllowedSans.has(name));
  return isAllowed ? null : 'client_certificate_not_allowed';
}

function failureOf(code: string, message: string): HandshakeFailure {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout';
  if (code === 'ERR_SSL_HTTP_REQUEST') return 'plain_http';
  if (/^(ECONNRESET|EPIPE|ERR_SSL_UNEXPECTED_EOF_WHILE_READING)$/.test(code)) return 'closed';
  // The other end does not believe us, and says so.
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE)$/.test(code))
    return 'rejected_by_client';
  if (
    /PROTOCOL|VERSION|NO_SHARED_CIPHER|NO_SUITABLE|ALPN/.test(code) ||
    /no application protocol/.test(message)
  )
    return 'incompatible';
  return 'other';
}

function endsOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

function addressOf({ remoteAddress }: Socket): string {
  return remoteAddress ?? '';
}

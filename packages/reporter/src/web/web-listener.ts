/**
 * `--web.listen-address`: what a reporter tells whoever asks it directly. `/metrics` is for any Prometheus, as node_exporter's;
 * what says more of the host, or does something, is for programs of this very machine alone.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import type { HostPort } from '@tributary/shared/loopback';
import { OptionError } from '@tributary/shared/options';
import type { Collector } from '../collectors/collector.ts';
import { Counts } from '../counts.ts';
import {
  closeServer,
  createBoundedServer,
  DROP_REASONS,
  listenOn,
  reply,
  type ServerLimits,
} from './bounded-server.ts';
import { refusalOf } from './local-only.ts';
import { sendHeap, sendProfile } from './profiles.ts';
import type { WebRequest } from './web-request.ts';

export interface WebParts {
  /** The newest sample as text, the same object for as long as it is the newest; null while there is none. */
  readonly metrics: () => Exposition | null;
  /** Whether profiles are given. */
  readonly profiles: boolean;
  /** Null when ready, else why not. */
  readonly notReady: () => string | null;
  /** JSON's. */
  readonly status: () => object;
  /** @returns the options that take a restart. @throws OptionError */
  readonly reload: (cause: string) => Promise<readonly string[]>;
  readonly onFault: (error: Error) => void;
  readonly limits?: ServerLimits | undefined;
}

/** The newest sample as text. */
export interface Exposition {
  readonly text: string;
  /** Made once, for whoever asks first. */
  gzip?: Promise<Buffer>;
}

type Handler = (parts: WebParts, asked: WebRequest) => void | Promise<void>;

interface Route {
  readonly methods: readonly string[];
  /** As in "may read the status"; without it, anybody may. */
  readonly deed?: string;
  readonly isProfile?: boolean;
  readonly handle: Handler;
}

const READ = ['GET', 'HEAD'];
const ROUTES: Readonly<Record<string, Route>> = {
  '/': { methods: READ, handle: (_, { response }) => reply(response, 200, LANDING) },
  '/metrics': { methods: READ, handle: sendMetrics },
  '/-/healthy': {
    methods: READ,
    handle: (_, { response }) => reply(response, 200, 'The reporter is healthy.\n'),
  },
  '/-/ready': { methods: READ, handle: sendReadiness },
  '/-/reload': { methods: ['POST', 'PUT'], deed: 'do that', handle: reload },
  '/api/v1/status': { methods: READ, deed: 'read the status', handle: sendStatus },
  '/debug/pprof/profile': {
    ...{ methods: ['GET'], deed: 'take profiles', isProfile: true },
    handle: (_, asked) => sendProfile(asked),
  },
  '/debug/pprof/heap': {
    ...{ methods: ['GET'], deed: 'take profiles', isProfile: true },
    handle: (_, asked) => sendHeap(asked),
  },
};

const LANDING = `Tributary reporter

GET /metrics               the newest sample of this host
GET /-/healthy, /-/ready   for probes
GET /api/v1/status         from this machine: how it stands, as JSON
POST /-/reload             from this machine: reads the configuration anew
GET /debug/pprof/profile?seconds=N, /debug/pprof/heap   from this machine, with --web.enable-profiles: profiles of V8
`;
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const REFUSALS = ['not_local', 'disabled', 'method', 'path'] as const;

export class WebListener {
  readonly #server: Server;
  readonly #dropped = new Counts(DROP_REASONS);
  readonly #refused = new Counts(REFUSALS);
  readonly #onFault: (error: Error) => void;
  #requests = 0;

  /** Tells of the listener itself. */
  readonly own: Collector = {
    name: 'web',
    collect: (out) => {
      out.family('tributary_reporter_web_requests_total', 'counter', 'Requests that were answered.');
      out.add(this.#requests);
      const refused = 'tributary_reporter_web_refused_total';
      out.family(refused, 'counter', 'Requests that were refused.', ['reason']);
      for (const [reason, count] of this.#refused.entries()) out.add(count, reason);
      const dropped = 'tributary_reporter_web_dropped_connections_total';
      out.family(dropped, 'counter', 'Connections that were cut off.', ['reason']);
      for (const [reason, count] of this.#dropped.entries()) out.add(count, reason);
    },
  };

  constructor(parts: WebParts) {
    this.#onFault = parts.onFault;
    this.#server = createBoundedServer(
      async (request, response) => await this.#answer(request, response, parts),
      {
        onDropped: (reason) => this.#dropped.add(reason),
        onFault: parts.onFault,
        limits: parts.limits,
      },
    );
  }

  /**
   * @returns the port that it listens on.
   * @throws the system's error, such as EADDRINUSE.
   */
  async listen(address: HostPort): Promise<number> {
    await listenOn(this.#server, address);
    this.#server.on('error', this.#onFault);
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : address.port;
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, parts: WebParts): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    // What a request brings along says nothing here.
    request.resume();
    const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (route === undefined) return this.#refuse(response, 'path', 404, '404 page not found');
    const { methods, deed, isProfile = false, handle } = route;
    if (!methods.includes(request.method ?? '')) {
      response.setHeader('allow', methods.join(', '));
      return this.#refuse(response, 'method', 405, 'Method Not Allowed');
    }
    const refusal = deed === undefined ? null : refusalFor(request, deed);
    if (refusal !== null) return this.#refuse(response, 'not_local', 403, refusal);
    if (isProfile && !parts.profiles)
      return this.#refuse(response, 'disabled', 403, 'profiles are off; start with --web.enable-profiles');
    this.#requests++;
    await handle(parts, { request, response, query: new URLSearchParams(query) });
  }

  #refuse(
    response: ServerResponse,
    reason: (typeof REFUSALS)[number],
    status: number,
    message: string,
  ): void {
    this.#refused.add(reason);
    reply(response, status, `${message}\n`);
  }
}

/** A proxy on this machine that says nothing of itself, such as nginx as it comes, shows by how it asks. */
function refusalFor({ headers, httpVersion, socket }: IncomingMessage, deed: string): string | null {
  const isProxied = httpVersion === '1.0' || /\bclose\b/i.test(headers.connection ?? '');
  return refusalOf(headers, socket.remoteAddress, deed) ?? (isProxied ? NOT_KEPT : null);
}

const NOT_KEPT =
  'requests by HTTP/1.0, or with Connection: close, may come through a proxy and are not taken';

async function sendMetrics({ metrics }: WebParts, { request, response }: WebRequest): Promise<void> {
  const exposition = metrics();
  if (exposition === null) return reply(response, 503, 'there is no sample yet\n');
  response.setHeader('content-type', TEXT);
  response.setHeader('vary', 'accept-encoding');
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    const { text } = exposition;
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) });
    return void response.end(text);
  }
  // However many ask, it is compressed once for each sample.
  exposition.gzip ??= compress(exposition.text);
  const body = await exposition.gzip;
  response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length });
  response.end(body);
}

async function compress(text: string): Promise<Buffer> {
  const { gzip } = await import('node:zlib');
  return await promisify(gzip)(text, { level: 1 });
}

function sendReadiness({ notReady }: WebParts, { response }: WebRequest): void {
  const why = notReady();
  if (why === null) reply(response, 200, 'The reporter is ready.\n');
  else reply(response, 503, `The reporter is not ready: ${why}\n`);
}

function sendStatus({ status }: WebParts, { response }: WebRequest): void {
  const text = JSON.stringify({ status: 'success', data: status() });
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.writeHead(200, { 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function reload(parts: WebParts, { request, response }: WebRequest): Promise<void> {
  try {
    const waiting = await parts.reload(`${request.method} /-/reload`);
    reply(response, 200, waiting.length === 0 ? '' : `these options take a restart: ${waiting.join(', ')}\n`);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    reply(response, 500, `failed to reload config: ${error.message}\n`);
  }
}

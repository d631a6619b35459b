/**
 * The listener that applications push to: `/metrics/job/JOB{/LABEL/VALUE}` by POST, PUT and DELETE with Pushgateway's
 * meaning and its status codes, and `/-/healthy` and `/-/ready` for scripts that look whether it is there.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HostPort } from '@tributary/shared/loopback';
import type { Labels } from '@tributary/shared/shape';
import {
  RepeatedSampleError,
  type TextFamily,
  TextFormatError,
  type TextLimits,
} from '../../collectors/exposition-text/families.ts';
import { DEFAULT_TEXT_LIMITS, parseText } from '../../collectors/exposition-text/parse-text.ts';
import { createServer } from '../../node-http.ts';
import type { Counts } from '../counts.ts';
import { PUSH_BUDGET, WorkBudget } from '../work-budget.ts';
import { BodyReader } from './body.ts';
import { parseGroupPath } from './group-path.ts';
import { GROUP_LIMITS, type Groups, type PushMoment } from './groups.ts';
import { refusalOf } from './guard.ts';
import { PushError, type RefusalReason } from './push-error.ts';

/** Times in ms. */
export interface ServerLimits {
  readonly connectionsMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
  connectionsMax: 64,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
  idleTimeoutMs: 10_000,
};

export interface PushServerParts {
  readonly groups: Groups;
  readonly refused: Counts<RefusalReason>;
  readonly accepted: Counts<PushMethod>;
  readonly dropped: Counts<DropReason>;
  readonly moment: () => PushMoment;
  /** In ms; measures stretches of the budget. */
  readonly monotonic: () => number;
  /** What this process has spent of CPU so far, in ms: time in which it does not run is not its own. */
  readonly cpuMs: () => number;
  /** The groups are no longer what they were. */
  readonly onChange: () => void;
  /** Told of each refusal of something that was meant as a push. */
  readonly onRefused: (error: PushError, job: string) => void;
  /** Told of what should not happen; whoever pushed gets a 500. */
  readonly onFault: (error: Error) => void;
  readonly limits?: ServerLimits;
  readonly bodies?: BodyReader;
  readonly budget?: WorkBudget;
}

type WholeParts = PushServerParts & Required<Pick<PushServerParts, 'bodies' | 'budget'>>;

export const PUSH_METHODS = ['delete', 'post', 'put'] as const;
export type PushMethod = (typeof PUSH_METHODS)[number];

/** Connections that ended without a request: too many at a time, too slow, or no HTTP. */
export const DROP_REASONS = ['connections', 'timeout', 'malformed'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const HEADER_BYTES_MAX = 8 * 1024;
const LOOK_MS = 1_000;

/** A body may hold what a group may; what is too much is seen where it begins to be. */
const TEXT_LIMITS: TextLimits = { ...DEFAULT_TEXT_LIMITS, samplesMax: GROUP_LIMITS.groupSeriesMax };

export function createPushServer(parts: PushServerParts): Server {
  const limits = parts.limits ?? SERVER_LIMITS;
  const bodies = parts.bodies ?? new BodyReader();
  const budget = parts.budget ?? new WorkBudget(PUSH_BUDGET);
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: LOOK_MS,
    },
    (request, response) => {
      answer(request, response, { ...parts, bodies, budget }).catch((error: Error) => {
        parts.onFault(error);
        if (response.headersSent) response.destroy();
        else reply(response, 500, 'the reporter failed; its log says why\n');
      });
    },
  );
  server.maxConnections = limits.connectionsMax;
  server.on('drop', () => parts.dropped.add('connections'));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    parts.dropped.add(isLate ? 'timeout' : 'malformed');
    endWith(socket as Socket, isLate ? '408 Request Timeout' : '400 Bad Request');
  });
  return server;
}

/** @throws the system's error when it cannot listen. */
export async function listenOn(server: Server, { host, port }: HostPort): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: WholeParts): Promise<void> {
  let job = '';
  try {
    const foreign = refusalOf(request.headers, request.socket.remoteAddress);
    if (foreign !== null) throw new PushError('not_local', foreign);
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (isHealthCheck(request.method, path)) return reply(response, 200, 'OK\n');
    const found = parseGroupPath(path);
    if (found.kind === 'elsewhere') return reply(response, 404, '404 page not found\n');
    const method = PUSH_METHODS.find((known) => known === request.method?.toLowerCase());
    if (method === undefined) {
      response.setHeader('allow', 'DELETE, POST, PUT');
      throw new PushError('method', 'Method Not Allowed');
    }
    if (found.kind === 'bad') throw new PushError('path', found.message);
    job = found.labels['job'] ?? '';
    const { labels } = found;
    // Before a body is read, which would be for nothing.
    checkBudget(parts);
    if (method === 'delete') {
      within(parts, () => {
        if (parts.groups.delete(labels, parts.moment())) parts.onChange();
      });
    } else
      await parts.bodies.read(request, (text) =>
        within(parts, () => push(parts, labels, text, method === 'put')),
      );
    parts.accepted.add(method);
    reply(response, method === 'delete' ? 202 : 200, '');
  } catch (error) {
    if (!(error instanceof PushError)) throw error;
    parts.refused.add(error.reason);
    parts.onRefused(error, job);
    // What is left of a body is not worth reading.
    if (!request.complete) response.setHeader('connection', 'close');
    reply(response, error.status, `${error.message}\n`);
  }
}

/** @throws PushError when pushes have had their share of the time. */
function checkBudget({ budget, monotonic }: WholeParts): void {
  if (budget.isSpent(monotonic()))
    throw new PushError('busy', 'more is being pushed than there is time for; try again');
}

/** @throws PushError as `checkBudget` does, and what `act` throws. */
function within(parts: WholeParts, act: () => void): void {
  checkBudget(parts);
  const before = parts.cpuMs();
  try {
    act();
  } finally {
    parts.budget.spend(parts.cpuMs() - before);
  }
}

/** @throws PushError */
function push(
  { groups, moment, onChange }: PushServerParts,
  labels: Labels,
  text: string,
  replace: boolean,
): void {
  const now = moment();
  const before = groups.changes;
  try {
    groups.push(labels, parse(text), replace, now);
  } catch (error) {
    // Pushgateway sees this only when it has read the whole body, and notes it as a failure of the group.
    if (error instanceof PushError && error.cause instanceof RepeatedSampleError)
      groups.noteFailure(labels, now);
    throw error;
  } finally {
    if (groups.changes !== before) onChange();
  }
}

/** @throws PushError */
function parse(text: string): TextFamily[] {
  try {
    return parseText(text, TEXT_LIMITS);
  } catch (error) {
    if (!(error instanceof TextFormatError)) throw error;
    const isRepeat = error instanceof RepeatedSampleError;
    throw new PushError(
      isRepeat ? 'inconsistent' : 'format',
      `text format parsing error in ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

function isHealthCheck(method: string | undefined, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && (path === '/-/healthy' || path === '/-/ready');
}

function reply(response: ServerResponse, status: number, text: string): void {
  if (text !== '') {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.setHeader('x-content-type-options', 'nosniff');
  }
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function endWith(socket: Socket, status: string): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  socket.destroySoon();
}

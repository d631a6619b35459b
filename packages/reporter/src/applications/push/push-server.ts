/**
 * The listener that applications push to: `/metrics/job/JOB{/LABEL/VALUE}` by POST, PUT and DELETE with Pushgateway's
 * meaning and its status codes, and `/-/healthy` and `/-/ready` for scripts that look whether it is there.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Labels } from '@tributary/shared/shape';
import {
  RepeatedSampleError,
  type TextFamily,
  TextFormatError,
  type TextLimits,
} from '../../collectors/exposition-text/families.ts';
import { DEFAULT_TEXT_LIMITS, parseText } from '../../collectors/exposition-text/parse-text.ts';
import type { Counts } from '../../counts.ts';
import { createBoundedServer, type DropReason, reply, type ServerLimits } from '../../web/bounded-server.ts';
import { refusalOf } from '../../web/local-only.ts';
import { PUSH_BUDGET, WorkBudget } from '../work-budget.ts';
import { BodyReader } from './body.ts';
import { parseGroupPath } from './group-path.ts';
import { GROUP_LIMITS, type Groups, type PushMoment } from './groups.ts';
import { PushError, type RefusalReason } from './push-error.ts';

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
  readonly limits?: ServerLimits | undefined;
  readonly bodies?: BodyReader;
  readonly budget?: WorkBudget;
}

type WholeParts = PushServerParts & Required<Pick<PushServerParts, 'bodies' | 'budget'>>;

export const PUSH_METHODS = ['delete', 'post', 'put'] as const;
export type PushMethod = (typeof PUSH_METHODS)[number];

/** A body may hold what a group may; what is too much is seen where it begins to be. */
const TEXT_LIMITS: TextLimits = { ...DEFAULT_TEXT_LIMITS, samplesMax: GROUP_LIMITS.groupSeriesMax };

export function createPushServer(parts: PushServerParts): Server {
  const bodies = parts.bodies ?? new BodyReader();
  const budget = parts.budget ?? new WorkBudget(PUSH_BUDGET);
  return createBoundedServer(
    async (request, response) => await answer(request, response, { ...parts, bodies, budget }),
    { onDropped: (reason) => parts.dropped.add(reason), onFault: parts.onFault, limits: parts.limits },
  );
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: WholeParts): Promise<void> {
  let job = '';
  try {
    const foreign = refusalOf(request.headers, request.socket.remoteAddress, 'push');
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

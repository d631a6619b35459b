/**
 * What Docker's Engine API tells of running containers, which Podman answers as well ("compatibility API"):
 * `GET /containers/json` and `GET /containers/ID/json`, without a version in the path, which both take for their newest.
 * Reference: https://docs.docker.com/reference/api/engine/ and https://docs.podman.io/en/latest/_static/api.html
 *
 * Whoever answers is not trusted: bytes and time are bounded, and nothing is taken over before it was checked.
 */
import { LABEL_VALUE_CHARS_MAX } from '@tributary/shared/limits';
import { request } from '../../node-http.ts';
import { errorCode } from '../source.ts';
import { chooseLabels, type OwnLabels } from './labels.ts';

const ANSWER_MS_MAX = 5_000;
/** Some 2,000 containers with many labels. */
const LIST_BYTES_MAX = 4 * 1024 * 1024;
const DETAILS_BYTES_MAX = 1024 * 1024;
/** Docker's and Podman's. It becomes part of paths, and so must be nothing else. */
const ID = /^[\da-f]{64}$/;

export interface ListedContainer {
  readonly id: string;
  /** '' when it has none. */
  readonly name: string;
  /** Seconds since 1970; 0 when it is not told. */
  readonly createdSeconds: number;
}

export interface ContainerDetails {
  readonly id: string;
  /** Without the slash that Docker begins it with. */
  readonly name: string;
  /** As it was named when the container was made. */
  readonly image: string;
  /** The host's number of the container's first process; 0 when it does not run. */
  readonly pid: number;
  /** Seconds since 1970; null when they are not told. */
  readonly createdSeconds: number | null;
  readonly startedSeconds: number | null;
  /** False when it uses the network of the host or of another container. */
  readonly hasOwnNetwork: boolean;
  /** Those of its labels that are told: all others, of which there may be a megabyte, are not kept. */
  readonly own: OwnLabels;
}

/** How it is asked; in place of the socket in tests. */
export interface EngineApi {
  /** @throws Error that says what is wrong with the socket or its answer. */
  list(socket: string): Promise<readonly ListedContainer[]>;
  /** Null when there is no such container any more. @throws as `list`. */
  inspect(socket: string, id: string): Promise<ContainerDetails | null>;
}

/**
 * @param labelInclude which of containers' own labels are kept; null for none.
 * @param answerMsMax from asking to the last byte of the answer.
 */
export function createEngineApi(labelInclude: RegExp | null, answerMsMax = ANSWER_MS_MAX): EngineApi {
  return {
    async list(socket) {
      const text = await get(socket, '/containers/json', LIST_BYTES_MAX, answerMsMax);
      return decodeAnswer(socket, text ?? '', decodeList);
    },
    async inspect(socket, id) {
      const text = await get(socket, `/containers/${id}/json`, DETAILS_BYTES_MAX, answerMsMax);
      return text === null ? null : decodeAnswer(socket, text, (value) => decodeDetails(value, labelInclude));
    },
  };
}

/** The body of a 200, null for a 404. */
function get(
  socketPath: string,
  path: string,
  bytesMax: number,
  answerMsMax: number,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, agent: false, headers: { accept: 'application/json' } });
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new Error(`${socketPath}: ${reason}`));
      asking.destroy();
    };
    const timer = setTimeout(() => fail(`no answer within ${answerMsMax / 1000} s`), answerMsMax);
    // Neither the timer nor the connection is to keep a process alive that has nothing else to do.
    timer.unref();
    asking.on('socket', (socket) => socket.unref());
    asking.on('error', (error) => fail(explain(error)));
    asking.on('response', (answer) => {
      const { statusCode } = answer;
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('error', (error) => fail(explain(error)));
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > bytesMax) fail(`the answer to ${path} is longer than ${bytesMax} bytes`);
        else chunks.push(chunk);
      });
      answer.on('end', () => {
        clearTimeout(timer);
        if (statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else if (statusCode === 404) resolve(null);
        else fail(`answered ${statusCode} to ${path}`);
      });
    });
    asking.end();
  });
}

/** What to tell of an error of the system; not every cause can be made in a test. */
export function explain(error: Error): string {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied; add the user of the reporter to the group of the socket (docker, most often), or give --no-collector.containers';
    case 'ENOENT':
      return 'there is no such socket';
    case 'ECONNREFUSED':
      return 'nobody listens there';
    default:
      return error.message;
  }
}

function decodeAnswer<T>(socket: string, text: string, decode: (value: unknown) => T | null): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const decoded = decode(value);
  if (decoded === null) throw new Error(`${socket}: the answer is not that of Docker or Podman`);
  return decoded;
}

/** Null for what is no list of containers. */
export function decodeList(value: unknown): readonly ListedContainer[] | null {
  if (!Array.isArray(value)) return null;
  const listed: ListedContainer[] = [];
  for (const item of value as unknown[]) {
    const { Id: id, Names: names, Created: created } = toRecord(item);
    if (typeof id !== 'string' || !ID.test(id)) return null;
    const name: unknown = Array.isArray(names) ? names[0] : '';
    listed.push({
      id,
      name: toName(name),
      createdSeconds: typeof created === 'number' && created > 0 ? created : 0,
    });
  }
  return listed;
}

/** Null for what describes no container. @param labelInclude as for `createEngineApi` */
export function decodeDetails(value: unknown, labelInclude: RegExp | null): ContainerDetails | null {
  const { Id: id, Name: name, Created: created, State, Config, HostConfig } = toRecord(value);
  const { Pid: pid, StartedAt: started } = toRecord(State);
  const { Image: image, Labels: labels } = toRecord(Config);
  const { NetworkMode: networkMode } = toRecord(HostConfig);
  if (typeof id !== 'string' || !ID.test(id)) return null;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 0) return null;
  return {
    id,
    name: toName(name),
    image: typeof image === 'string' ? cut(image) : '',
    pid,
    createdSeconds: toSeconds(created),
    startedSeconds: toSeconds(started),
    hasOwnNetwork:
      typeof networkMode !== 'string' || (networkMode !== 'host' && !networkMode.startsWith('container:')),
    own: chooseLabels(toRecord(labels), labelInclude),
  };
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function toName(value: unknown): string {
  if (typeof value !== 'string') return '';
  return cut(value.startsWith('/') ? value.slice(1) : value);
}

/** More of it is not told. A copy, since a part of a text keeps the whole of it in memory. */
function cut(text: string): string {
  if (text.length <= LABEL_VALUE_CHARS_MAX) return text;
  return Buffer.from(text.slice(0, LABEL_VALUE_CHARS_MAX), 'utf16le').toString('utf16le');
}

/** Whole seconds since 1970; null for Go's zero time and whatever is no date. */
function toSeconds(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return ms > 0 ? Math.floor(ms / 1000) : null;
}

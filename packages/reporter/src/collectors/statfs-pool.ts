/**
 * Asks mounts for their sizes, of which some may never answer.
 *
 * A statfs of a dead network mount sits in the kernel for minutes or for ever, and with it one of the four threads
 * that all of Node's file access shares. So at most two are ever under way, and of mounts that a network or another
 * program serves at most one, so that the local disks still have a thread when every network mount hangs. The price:
 * while one remote mount hangs, other remote mounts count as hanging too. A mount that has not answered in time is not
 * asked again before it has.
 */
import { getSystemErrorMessage } from 'node:util';

export interface FilesystemStats {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

export type Statfs = (path: string) => Promise<FilesystemStats>;

export interface Question {
  readonly path: string;
  /** Whether it may depend on another machine or program, by its type. */
  readonly remote: boolean;
}

/** Sizes, or why there are none in the words of node_exporter's label `device_error`. */
export type Answer = FilesystemStats | string;

export const TIMED_OUT = 'mountpoint timeout';

const IN_FLIGHT_MAX = 2;
const REMOTE_IN_FLIGHT_MAX = 1;

/** Go's words, which node_exporter shows, where libuv's differ. */
const ERROR_TEXTS: Readonly<Record<number, string>> = {
  5: 'input/output error',
  12: 'cannot allocate memory',
  36: 'file name too long',
  40: 'too many levels of symbolic links',
  107: 'transport endpoint is not connected',
  108: 'cannot send after transport endpoint shutdown',
  112: 'host is down',
  113: 'no route to host',
  116: 'stale file handle',
  121: 'remote I/O error',
  127: 'required key not available',
};

export class StatfsPool {
  readonly #statfs: Statfs;
  readonly #timeoutMs: number;
  /** Asked and not answered yet, from this round or earlier ones. */
  readonly #inFlight = new Map<string, Question>();

  /** @param timeoutMs how long a round waits for its answers. */
  constructor(statfs: Statfs, timeoutMs: number) {
    this.#statfs = statfs;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls of the system that have not come back. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Asks what can be asked now, and resolves when all have answered, the time is up or `signal` is aborted. Answers are
   * by path; whatever has no answer by then has TIMED_OUT. Never rejects.
   */
  ask(questions: readonly Question[], signal: AbortSignal): Promise<ReadonlyMap<string, Answer>> {
    const answers = new Map<string, Answer>();
    const waiting = questions.filter(({ path }) => !this.#inFlight.has(path));
    let asked = 0;
    let over = false;
    return new Promise((resolve) => {
      const end = (): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve(new Map(questions.map(({ path }) => [path, answers.get(path) ?? TIMED_OUT])));
      };
      const next = (): void => {
        for (let question = this.#takeNext(waiting); question !== null; question = this.#takeNext(waiting)) {
          const { path } = question;
          asked++;
          this.#start(question, (answer) => {
            asked--;
            // An answer that comes after its round is old: the next round asks again.
            if (over) return;
            answers.set(path, answer);
            next();
          });
        }
        // With nothing under way from this round, no answer can free a place for what still waits.
        if (asked === 0) end();
      };
      const timer = setTimeout(end, this.#timeoutMs);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
      else next();
    });
  }

  /** Takes the first that may be asked now out of `waiting`. */
  #takeNext(waiting: Question[]): Question | null {
    const index = waiting.findIndex((question) => this.#mayAsk(question));
    return index < 0 ? null : (waiting.splice(index, 1)[0] ?? null);
  }

  #mayAsk({ path, remote }: Question): boolean {
    if (this.#inFlight.has(path) || this.#inFlight.size >= IN_FLIGHT_MAX) return false;
    if (!remote) return true;
    let remotes = 0;
    for (const question of this.#inFlight.values()) if (question.remote) remotes++;
    return remotes < REMOTE_IN_FLIGHT_MAX;
  }

  #start(question: Question, answered: (answer: Answer) => void): void {
    this.#inFlight.set(question.path, question);
    const finish = (answer: Answer): void => {
      this.#inFlight.delete(question.path);
      answered(answer);
    };
    this.#statfs(question.path).then(finish, (error: unknown) => finish(errorText(error)));
  }
}

function errorText(error: unknown): string {
  const errno =
    error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? -error.errno : 0;
  if (errno === 0) return String(error);
  return ERROR_TEXTS[errno] ?? getSystemErrorMessage(-errno);
}

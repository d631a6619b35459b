/**
 * One child process of a test: its lines, its end, and the certainty that it does not outlive the test. It is stopped
 * by `await using`, by the test's own end (a test that ran into its time limit never gets to the former), and by this
 * process's end, whatever ends it short of SIGKILL.
 */
import { type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { atEnd } from './at-end.ts';
import { PATIENCE_MS, within } from './eventually.ts';

const LINES_MAX = 5000;
const TAIL_LINES = 40;
const STOP_MS_MAX = 6000;
const PIPES_MS_MAX = 1000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A process group of its own, which `kill` reaches whole, as Ctrl-C in a terminal does. */
  readonly group?: boolean;
  /** It has a stdin, for `write`; the process may take its end for the test's. */
  readonly input?: boolean;
}

type Spawned = ChildProcessByStdio<Writable | null, Readable, Readable>;

type Stream = 'stdout' | 'stderr';

const running = new Set<Child>();

export class Child implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended and its output is complete. */
  readonly exited: Promise<Exit>;
  readonly #process: Spawned;
  readonly #group: boolean;
  readonly #lines: Record<Stream, string[]> = { stdout: [], stderr: [] };
  readonly #listeners = new Set<() => void>();
  #exit: Exit | null = null;

  private constructor(child: Spawned, options: ChildOptions, pid: number) {
    this.#process = child;
    this.#group = options.group ?? false;
    this.name = options.name;
    this.pid = pid;
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream] }).on('line', (line) => this.#keep(stream, line));
    }
    child.once('exit', () => {
      // Whatever it has started itself may hold its pipes open; what it wrote before its end is read by then.
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPES_MS_MAX);
      child.once('close', () => clearTimeout(timer));
    });
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#exit = { code, signal };
        running.delete(this);
        for (const listener of this.#listeners) listener();
        resolve(this.#exit);
      });
    });
  }

  /** Starts the process. Its last lines are shown if the test fails. */
  static async spawn(t: TestContext, options: ChildOptions): Promise<Child> {
    stopChildrenAtExit();
    const process = launch(options);
    const { pid } = process;
    if (pid === undefined) {
      const error = await new Promise<Error>((resolve) => process.once('error', resolve));
      throw new Error(`${options.name} cannot be started: ${error.message}`, { cause: error });
    }
    const child = new Child(process, options, pid);
    running.add(child);
    atEnd(t, async () => {
      await child[Symbol.asyncDispose]();
      if (!hasPassed(t)) t.diagnostic(child.describe());
    });
    return child;
  }

  get exit(): Exit | null {
    return this.#exit;
  }

  lines(stream: Stream): readonly string[] {
    return this.#lines[stream];
  }

  /** The first line, present or to come, that matches. Throws when the process ends without it. */
  async line(stream: Stream, pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = (): void => {
      const match = this.#lines[stream].map((line) => pattern.exec(line)).find((found) => found !== null);
      if (match !== undefined) resolve(match);
      else if (this.#exit !== null)
        reject(new Error(`${this.name} ended without the line ${pattern}\n${this.describe()}`));
    };
    this.#listeners.add(look);
    try {
      look();
      return await within(timeoutMs, `the line ${pattern} of ${this.name}`, promise);
    } finally {
      this.#listeners.delete(look);
    }
  }

  /** Writes a line to its stdin. */
  write(line: string): void {
    if (this.#process.stdin === null) throw new Error(`${this.name} was started without a stdin`);
    this.#process.stdin.write(`${line}\n`);
  }

  /** Sends a signal, if the process is still there. */
  kill(signal: NodeJS.Signals): void {
    if (this.#exit !== null) return;
    if (!this.#group) this.#process.kill(signal);
    else killGroup(this.pid, signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals, timeoutMs = PATIENCE_MS): Promise<Exit> {
    this.kill(signal);
    return await within(timeoutMs, `the end of ${this.name} after ${signal}`, this.exited);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === null) {
      try {
        await this.end('SIGTERM', STOP_MS_MAX);
      } catch {
        await this.end('SIGKILL');
      }
    }
    // What the process has left behind in its group.
    if (this.#group) killGroup(this.pid, 'SIGKILL');
  }

  /** How it stands with the process, and its last lines, for failure messages. */
  describe(): string {
    const state = this.#exit === null ? 'running' : `exit ${this.#exit.code ?? this.#exit.signal}`;
    const tail = (stream: Stream): string =>
      this.#lines[stream]
        .slice(-TAIL_LINES)
        .map((line) => `\n  ${stream}: ${line}`)
        .join('');
    return `${this.name} (pid ${this.pid}, ${state})${tail('stdout')}${tail('stderr')}`;
  }

  #keep(stream: Stream, line: string): void {
    const lines = this.#lines[stream];
    lines.push(line);
    if (lines.length > LINES_MAX) lines.shift();
    for (const listener of this.#listeners) listener();
  }
}

function launch(options: ChildOptions): Spawned {
  const common: SpawnOptions = {
    env: options.env ?? cleanEnv(),
    detached: options.group ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
  if (options.input !== true) {
    return spawn(options.command, options.args, { ...common, stdio: ['ignore', 'pipe', 'pipe'] });
  }
  const child = spawn(options.command, options.args, { ...common, stdio: ['pipe', 'pipe', 'pipe'] });
  // Written to while it was being killed.
  child.stdin.on('error', () => {});
  return child;
}

/** What is not a child's: the test runner's, a Tributary's of the user, and what npm tells its scripts of this very package. */
const NOT_INHERITED = /^(TRIBUTARY_|npm_|NODE_TEST_CONTEXT|NODE_OPTIONS|NODE_COMPILE_CACHE)/;
/** How npm reaches its registry, which a script learns in the same way. */
const INHERITED = /^npm_config_(registry|cache|userconfig|cafile|proxy|https_proxy|noproxy|strict_ssl)$/;

export function cleanEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => INHERITED.test(name) || !NOT_INHERITED.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

/** For what runs this repository's sources: with what scripts/test.mjs has V8 keep of them. */
export function sourcesEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE } = process.env;
  return cleanEnv({ ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }), ...extra });
}

/** Node has had `passed` since 22.19; its types do not know it yet. */
function hasPassed(t: TestContext): boolean {
  return (t as TestContext & { readonly passed: boolean }).passed;
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

let stopsAtExit = false;

function stopChildrenAtExit(): void {
  if (stopsAtExit) return;
  stopsAtExit = true;
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  // How the test runner or Ctrl-C stops a file; without a handler there would be no `exit` event.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
}

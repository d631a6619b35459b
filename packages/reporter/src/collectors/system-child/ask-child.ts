/**
 * Asks a short-lived child (child.ts): starts it, reads a bounded answer, and ends it, whatever it does.
 *
 * Answers come one by one, so a child that hangs at the third question has answered two. It leads a process group of its own
 * (not on Windows, which has none), so the programs that it started end with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../child-environment.ts';
import { DONE_LINE, isQuestion, type Question } from './questions.ts';

/** What a child said to one question: a value as the package gives it, unchecked, or why there is none. */
export type Answer = { readonly value: unknown } | { readonly error: string };
export type Answers = ReadonlyMap<Question, Answer>;

/** Never fails: every question has an answer, if only an error. */
export type AskChild = (questions: readonly Question[]) => Promise<Answers>;

export interface ChildOptions {
  /** After so long the child is ended, and what it has not answered has an error. */
  readonly deadlineMs: number;
  readonly bytesMax: number;
  /** As `os.setPriority` takes it: 0 is normal, 19 the lowest. */
  readonly priority: number;
  /** Program and arguments, before those of child.ts; other than the default only in tests. */
  readonly command?: ChildCommand;
}

export const INVENTORY_CHILD: ChildOptions = {
  deadlineMs: 60_000,
  bytesMax: 1024 * 1024,
  priority: constants.priority.PRIORITY_LOW,
};

/** For what is asked once a minute: a busy host should not make it late by long. */
export const FACTS_CHILD: ChildOptions = {
  deadlineMs: 30_000,
  bytesMax: 1024 * 1024,
  priority: constants.priority.PRIORITY_BELOW_NORMAL,
};

const STDERR_CHARS_MAX = 2_000;
/** The child ends itself so much later than it would be ended, if the reporter is gone by then. */
const ORPHAN_MS = 5_000;

/** V8 flags as the reporter has them itself. Not for sources: Node.js strips their types with WebAssembly, which lite mode has not. */
const SMALL = ['--lite-mode', '--max-semi-space-size=1', '--max-old-space-size=64'];

export type ChildCommand = readonly [string, ...string[]];

let provided: ChildCommand | null = null;

/** For a reporter that is one executable file, and starts itself with a word that leads its main file to child.ts. */
export function provideChildCommand(command: ChildCommand): void {
  provided = command;
}

/**
 * How a child is started: the one place that knows. With the same Node.js as the reporter, from the file beside this one, the
 * sources in tests and `dist` otherwise.
 */
function childCommand(): ChildCommand {
  if (provided !== null) return provided;
  const isSource = import.meta.url.endsWith('.ts');
  const file = fileURLToPath(new URL(isSource ? './child.ts' : './child.js', import.meta.url));
  return isSource ? [process.execPath, file] : [process.execPath, ...SMALL, file];
}

/**
 * One child at a time: while one that was killed has not ended (a process that waits for a dead disk cannot), every question
 * has an error, and no other is started beside it.
 */
export function createAskChild(options: ChildOptions): AskChild {
  let lingering = false;
  return async (questions) => {
    if (lingering) return failAll(questions, 'an earlier child has not ended yet');
    lingering = true;
    const onEnd = () => {
      lingering = false;
    };
    try {
      return await askOnce(questions, options, onEnd);
    } catch (error) {
      // Some reasons for which there is no process are thrown, as that there is no memory for one.
      onEnd();
      return failAll(questions, notStarted(error));
    }
  };
}

function failAll(questions: readonly Question[], error: string): Map<Question, Answer> {
  return new Map(questions.map((question) => [question, { error }]));
}

function notStarted(error: unknown): string {
  return `the child could not be started: ${error instanceof Error ? error.message : String(error)}`;
}

function askOnce(
  questions: readonly Question[],
  { deadlineMs, bytesMax, priority, command = childCommand() }: ChildOptions,
  onEnd: () => void,
): Promise<Answers> {
  const [program, ...args] = command;
  const child = spawn(program, [...args, questions.join(','), `${deadlineMs + ORPHAN_MS}`, `${priority}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(),
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const end = () => killGroup(child);
  process.once('exit', end);
  const { promise, resolve } = Promise.withResolvers<Answers>();
  const answers = new Map<Question, Answer>();
  const finish = (reason: string) => {
    clearTimeout(timer);
    end();
    child.stdout.destroy();
    child.stderr.destroy();
    resolve(new Map(questions.map((question) => [question, answers.get(question) ?? { error: reason }])));
  };
  const timer = setTimeout(() => finish(`no answer within ${deadlineMs} ms`), deadlineMs);
  const ended = () => {
    process.off('exit', end);
    onEnd();
  };
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < STDERR_CHARS_MAX) complaint += text;
  });
  readLines(child.stdout, bytesMax, {
    line: (line) => {
      if (line === DONE_LINE) finish('no answer');
      else note(line, answers);
    },
    overflow: () => finish(`the answers are larger than ${bytesMax} bytes`),
  });
  child.once('error', (error) => {
    // Without a process there will be no exit either.
    if (child.pid === undefined) ended();
    finish(notStarted(error));
  });
  child.once('exit', ended);
  child.once('close', (code, signal) => {
    const said = complaint.trim().split('\n').at(0)?.slice(0, 200) ?? '';
    finish(`the child ended with ${signal ?? `code ${code}`}${said === '' ? '' : `: ${said}`}`);
  });
  return promise;
}

interface LineReader {
  line(text: string): void;
  overflow(): void;
}

function readLines(stream: NodeJS.ReadableStream, bytesMax: number, reader: LineReader): void {
  let bytes = 0;
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    bytes += Buffer.byteLength(text);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) reader.line(line);
    if (bytes <= bytesMax) return;
    stream.removeAllListeners('data');
    reader.overflow();
  });
}

/** What is no answer is left out: its question has an error then. */
function note(line: string, answers: Map<Question, Answer>): void {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null || !('question' in parsed)) return;
    const { question } = parsed;
    if (!isQuestion(question)) return;
    if ('value' in parsed) answers.set(question, { value: parsed.value });
    else if ('error' in parsed) answers.set(question, { error: String(parsed.error).slice(0, 200) });
  } catch {
    // Not JSON: something that the package printed.
  }
}

/** Also what the child started. It is alive or not yet waited for whenever this is called, so its id is nobody else's. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in this very moment.
  }
}

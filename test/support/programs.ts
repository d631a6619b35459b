/**
 * The two programs as real processes, run from their sources by the Node that runs the test. Each has a data folder
 * of its own that outlives its kills and restarts, so that an outage is `kill('SIGKILL')`, a wait, `restart()`.
 */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Child, type ChildOptions, type Exit, sourcesEnv } from './child.ts';
import { PATIENCE_MS } from './eventually.ts';
import { stablePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const LISTENING = /^listening on (https?:\/\/\S+)$/;
export const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';
export const TEXT = 'text/plain;version=0.0.4';

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface GatewayOptions extends ProgramOptions {
  readonly storagePath?: string;
}

export interface ReporterOptions extends ProgramOptions {
  /** `ws://HOST:PORT/v1/stream`. */
  readonly gatewayUrl: string;
  readonly host: string;
  /** In the flag's notation; 1s unless given. */
  readonly interval?: string;
  readonly spoolPath?: string;
}

export interface Scrape {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Headers;
  readonly body: string;
}

/** From when to when a program was away, in ms since 1970; `to` is Infinity while it is. */
export interface Downtime {
  readonly from: number;
  to: number;
}

/** What both programs have in common: one process after another with the same command line. */
abstract class Program implements AsyncDisposable {
  /** Between `kill` and the end of `restart`. */
  readonly downtimes: Downtime[] = [];
  protected readonly test: TestContext;
  protected child: Child;

  protected constructor(test: TestContext, child: Child) {
    this.test = test;
    this.child = child;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Null while it runs. */
  get exit(): Exit | null {
    return this.child.exit;
  }

  /** The lines of stdout. */
  get output(): readonly string[] {
    return this.child.lines('stdout');
  }

  /** The lines of stderr. */
  get log(): readonly string[] {
    return this.child.lines('stderr');
  }

  /** Sends the signal and waits for the end. */
  async kill(signal: NodeJS.Signals, timeoutMs = PATIENCE_MS): Promise<Exit> {
    this.downtimes.push({ from: Date.now(), to: Infinity });
    return await this.child.end(signal, timeoutMs);
  }

  abstract restart(): Promise<void>;

  /** It is there again. */
  protected returned(): void {
    const last = this.downtimes.at(-1);
    if (last?.to === Infinity) last.to = Date.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}

export class Gateway extends Program {
  /** `http://127.0.0.1:PORT`, the same after a restart. */
  readonly url: string;
  readonly storagePath: string;
  readonly #launch: () => Promise<Child>;

  private constructor(
    t: TestContext,
    child: Child,
    url: string,
    storagePath: string,
    launch: () => Promise<Child>,
  ) {
    super(t, child);
    this.url = url;
    this.storagePath = storagePath;
    this.#launch = launch;
  }

  /** Starts `serve` on a loopback port and waits for its line. */
  static async start(t: TestContext, options: GatewayOptions = {}): Promise<Gateway> {
    const storagePath = options.storagePath ?? join(await tempDir(t), 'gateway');
    const address = `127.0.0.1:${await stablePort()}`;
    const args = [
      'serve',
      '--web.listen-address',
      address,
      '--storage.path',
      storagePath,
      ...(options.args ?? []),
    ];
    const launch = async (): Promise<Child> => {
      const child = await Child.spawn(t, commandLine('gateway', args, options.env));
      await child.line('stdout', LISTENING);
      return child;
    };
    const child = await launch();
    const [, url = ''] = await child.line('stdout', LISTENING);
    return new Gateway(t, child, url, storagePath, launch);
  }

  get streamUrl(): string {
    return `${this.url.replace(/^http/, 'ws')}/v1/stream`;
  }

  /** `host:port`, as a scrape config names it. */
  get address(): string {
    return new URL(this.url).host;
  }

  /** Starts again on the same port and data and waits for its line. */
  override async restart(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.child = await this.#launch();
    this.returned();
  }

  /** What a person with curl gets: the newest point of each series, moving no cursor. */
  async metrics(accept: string = TEXT, query = ''): Promise<Scrape> {
    const response = await fetch(`${this.url}/metrics${query}`, { headers: { accept } });
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      headers: response.headers,
      body: await response.text(),
    };
  }

  /** The `data` of an API answer. */
  async api(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`);
    const answer = (await response.json()) as { status: string; data: unknown };
    if (answer.status !== 'success') throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}

export class Reporter extends Program {
  readonly host: string;
  readonly spoolPath: string;
  readonly #launch: () => Promise<Child>;

  private constructor(
    t: TestContext,
    child: Child,
    host: string,
    spoolPath: string,
    launch: () => Promise<Child>,
  ) {
    super(t, child);
    this.host = host;
    this.spoolPath = spoolPath;
    this.#launch = launch;
  }

  /** Starts `run`. There is no line to wait for: it samples whether or not a gateway is there. */
  static async start(t: TestContext, options: ReporterOptions): Promise<Reporter> {
    const spoolPath = options.spoolPath ?? join(await tempDir(t), 'reporter');
    const flags = ['--gateway.url', options.gatewayUrl, '--host', options.host, '--spool.path', spoolPath];
    const args = ['run', ...flags, '--interval', options.interval ?? '1s', ...(options.args ?? [])];
    const launch = (): Promise<Child> => Child.spawn(t, commandLine('reporter', args, options.env));
    return new Reporter(t, await launch(), options.host, spoolPath, launch);
  }

  /** Starts again with the same spool. */
  override async restart(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.child = await this.#launch();
    this.returned();
  }
}

export interface Ended extends Exit {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** Runs a program that is expected to end by itself. */
export async function runToEnd(
  t: TestContext,
  program: 'gateway' | 'reporter',
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  await using child = await Child.spawn(t, commandLine(program, args, env));
  const exit = await child.exited;
  return { ...exit, stdout: [...child.lines('stdout')], stderr: [...child.lines('stderr')] };
}

/** How a program is started with these flags, and no others. */
export function commandLine(
  program: 'gateway' | 'reporter',
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildOptions {
  return {
    name: program,
    command: process.execPath,
    args: ['--conditions=tributary-source', join(REPOSITORY, 'packages', program, 'src/main.ts'), ...args],
    cwd: REPOSITORY,
    env: sourcesEnv(env),
  };
}

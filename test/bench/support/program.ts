/** A process of a bench: started, waited for, and gone at the end of the round. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeArguments } from '../../../scripts/program.mjs';
import { stablePort } from '../../support/ports.ts';
import type { Bench } from '../part.ts';
import { type Usage, usageOf } from './usage.ts';

const READY_MS_MAX = 60_000;
const LOOK_MS = 20;
const LOG_CHARS_MAX = 2000;

export class Program {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly name: string;

  private constructor(name: string, child: ChildProcess, log: string) {
    this.name = name;
    this.#child = child;
    this.#log = log;
  }

  /** Starts it; what it writes goes into a file. */
  static start(bench: Bench, name: string, file: string, args: readonly string[]): Program {
    const log = join(bench.folder(), `${name}.log`);
    const output = openSync(log, 'w');
    const child = spawn(file, args, { stdio: ['ignore', output, output] });
    closeSync(output);
    const program = new Program(name, child, log);
    bench.atEnd(() => program.stop());
    return program;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  usage(): Usage {
    return usageOf(this.pid);
  }

  /** What it has written. */
  output(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Waits until something holds. @throws when the process ends before, or time does. */
  async until(what: string, holds: () => boolean | Promise<boolean>, msMax = READY_MS_MAX): Promise<void> {
    const deadline = performance.now() + msMax;
    while (!(await holds())) {
      const why = this.isGone ? 'has ended' : `was not there after ${msMax} ms`;
      if (this.isGone || performance.now() > deadline)
        throw new Error(`${this.name}, ${what}: ${why}\n${this.output().slice(-LOG_CHARS_MAX)}`);
      await delay(LOOK_MS);
    }
  }

  /** Waits until a page of it is there. */
  async ready(url: string): Promise<void> {
    await this.until(url, async () => {
      const response = await fetch(url).catch(() => null);
      await response?.arrayBuffer();
      return response?.ok === true;
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.isGone) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

export interface Served {
  readonly program: Program;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

export interface GatewayPlace {
  readonly storage: string;
  /** `HOST:PORT` */
  readonly address: string;
}

export async function newPlace(bench: Bench): Promise<GatewayPlace> {
  return { storage: join(bench.folder(), 'gateway'), address: `127.0.0.1:${await stablePort()}` };
}

export interface GatewayOptions {
  /** Where one was before; a new one unless given. */
  readonly place?: GatewayPlace;
  /** For Node.js, beside the flags that the installed command gives it. */
  readonly node?: readonly string[];
  /** More of its own flags. */
  readonly flags?: readonly string[];
}

/** Our gateway as installed: what was built, with its V8 flags. It is ready when this returns. */
export async function startGateway(bench: Bench, options: GatewayOptions = {}): Promise<Served> {
  const gateway = await spawnGateway(bench, options);
  await gateway.program.ready(`${gateway.url}/-/ready`);
  return gateway;
}

/** The same, as soon as it has a process. */
export async function spawnGateway(bench: Bench, options: GatewayOptions): Promise<Served> {
  const { storage, address } = options.place ?? (await newPlace(bench));
  const url = `http://${address}`;
  const { node = [], flags = [] } = options;
  const own = ['--web.listen-address', address, '--storage.path', storage, '--log.level', 'warn'];
  const args = [...node, ...nodeArguments('gateway', [...own, ...flags])];
  const program = Program.start(bench, 'gateway', process.execPath, args);
  return { program, url };
}

/** Our reporter as installed. */
export function startReporter(bench: Bench, gatewayUrl: string, args: readonly string[]): Program {
  return Program.start(
    bench,
    'reporter',
    process.execPath,
    nodeArguments('reporter', [
      '--gateway.url',
      gatewayUrl.replace('http', 'ws'),
      '--log.level',
      'warn',
      ...args,
    ]),
  );
}

/** The load, as a part of the bench sees it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../part.ts';
import type { LoadPlan, Told } from './plan.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const NOTHING: Told = { connected: 0, acked: 0, sampled: 0, latencies: [], sinceMs: 0 };
const LOOK_MS = 20;

export class Load {
  readonly pid: number;
  #told = NOTHING;
  #latencies: number[] = [];
  #hasEnded = false;

  private constructor(pid: number) {
    this.pid = pid;
  }

  static start(bench: Bench, plan: LoadPlan): Load {
    const args = ['--conditions=tributary-source', '--max-old-space-size=8192', MAIN, JSON.stringify(plan)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    bench.atEnd(() => child.kill('SIGKILL'));
    const load = new Load(child.pid ?? 0);
    child.once('exit', () => (load.#hasEnded = true));
    createInterface({ input: child.stdout }).on('line', (line) => load.#hear(JSON.parse(line) as Told));
    return load;
  }

  /** As it told last. */
  get told(): Told {
    return this.#told;
  }

  /** Those since this was called last. */
  latencies(): readonly number[] {
    return this.#latencies.splice(0);
  }

  async until(holds: (told: Told) => boolean): Promise<void> {
    while (!holds(this.#told)) {
      if (this.#hasEnded) throw new Error('the load has ended');
      await delay(LOOK_MS);
    }
  }

  /** Everything that is to be sent was, and is acked. */
  async done(samples: number): Promise<void> {
    await this.until(({ acked }) => acked >= samples);
  }

  #hear(told: Told): void {
    this.#told = told;
    for (const latency of told.latencies) this.#latencies.push(latency);
  }
}

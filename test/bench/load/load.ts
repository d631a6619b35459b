/** The load, as a part of the bench sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../part.ts';
import type { Span } from '../support/clock.ts';
import type { LoadPlan, Told } from './plan.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const NOTHING: Told = { connected: 0, acked: 0, sampled: 0, acks: [], sinceMs: 0 };
const LOOK_MS = 20;

export class Load {
  readonly #child: ChildProcess;
  #told = NOTHING;
  #acks: Span[] = [];
  #hasEnded = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(bench: Bench, plan: LoadPlan): Load {
    const args = ['--conditions=tributary-source', '--max-old-space-size=8192', MAIN, JSON.stringify(plan)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const load = new Load(child);
    bench.atEnd(() => load.stop());
    child.once('exit', () => (load.#hasEnded = true));
    createInterface({ input: child.stdout }).on('line', (line) => load.#hear(JSON.parse(line) as Told));
    return load;
  }

  /** As it told last. */
  get told(): Told {
    return this.#told;
  }

  /** From sample to ack, of each batch that was acked since this was called last. */
  acks(): readonly Span[] {
    return this.#acks.splice(0);
  }

  /** It is gone when this returns: left alone, it would go on trying to reach a gateway that is no more. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
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
    for (const [fromMs, toMs] of told.acks) this.#acks.push({ fromMs, toMs });
  }
}

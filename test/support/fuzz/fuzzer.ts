/** The fuzzer, as a test sees it: a process of its own, so that what it costs is not the test's. */
import type { TestContext } from 'node:test';
import type { Child } from '../child.ts';
import { lastTold, startTelling } from '../telling-child.ts';
import type { FuzzCounts } from './player.ts';
import type { FuzzPlan } from './sessions.ts';

export class Fuzzer {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(t: TestContext, plan: FuzzPlan): Promise<Fuzzer> {
    return new Fuzzer(await startTelling(t, 'fuzzer', 'fuzz/main.ts', plan));
  }

  /** How it stands, as it told last. */
  get counts(): FuzzCounts | null {
    return lastTold(this.#child);
  }

  /** Waits until it has sent all. @returns what it sent, and what that took. */
  async done(timeoutMs: number): Promise<{ readonly counts: FuzzCounts; readonly took: string }> {
    const [, json = ''] = await this.#child.line('stdout', /^done (.*)/, timeoutMs);
    const [took] = await this.#child.line('stdout', /^took .*/);
    return { counts: JSON.parse(json) as FuzzCounts, took };
  }
}

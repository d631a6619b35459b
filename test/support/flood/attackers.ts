/** The attackers, as a test sees them. */
import type { TestContext } from 'node:test';
import type { Child } from '../child.ts';
import { lastTold, startTelling } from '../telling-child.ts';
import type { AttackCounts, AttackName, AttackPlan } from './attack.ts';

export type AttacksDone = Readonly<Partial<Record<AttackName, AttackCounts>>>;

export class Attackers {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Starts them, and waits until they attack. */
  static async start(t: TestContext, plan: AttackPlan): Promise<Attackers> {
    const child = await startTelling(t, 'attackers', 'flood/main.ts', plan);
    await child.line('stdout', /^attacking$/);
    return new Attackers(child);
  }

  /** What they did so far, as they told last. */
  get counts(): AttacksDone {
    return lastTold<AttacksDone>(this.#child) ?? {};
  }

  /** Ends them where they stand. @returns what they did, as they told last. */
  async stop(): Promise<AttacksDone> {
    await this.#child.end('SIGKILL');
    return this.counts;
  }
}

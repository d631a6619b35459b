/** The attackers, as a test sees them. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child, cleanEnv } from '../child.ts';
import { REPOSITORY } from '../programs.ts';
import type { AttackCounts, AttackName, AttackPlan } from './attack.ts';

export type AttacksDone = Readonly<Partial<Record<AttackName, AttackCounts>>>;

export class Attackers {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Starts them, and waits until they attack. */
  static async start(t: TestContext, plan: AttackPlan): Promise<Attackers> {
    const main = join(REPOSITORY, 'test/support/flood/main.ts');
    const child = await Child.spawn(t, {
      name: 'attackers',
      command: process.execPath,
      args: ['--conditions=tributary-source', main, JSON.stringify(plan)],
      cwd: REPOSITORY,
      env: cleanEnv(),
    });
    await child.line('stdout', /^attacking$/);
    return new Attackers(child);
  }

  /** What they did so far, as they told last. */
  get counts(): AttacksDone {
    const line = this.#child.lines('stdout').findLast((text) => text.startsWith('at '));
    return line === undefined ? {} : (JSON.parse(line.slice(3)) as AttacksDone);
  }

  /** Ends them where they stand. @returns what they did, as they told last. */
  async stop(): Promise<AttacksDone> {
    await this.#child.end('SIGKILL');
    return this.counts;
  }
}

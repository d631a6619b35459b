/** The fuzzer, as a test sees it: a process of its own, so that what it costs is not the test's. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child, cleanEnv } from '../child.ts';
import { REPOSITORY } from '../programs.ts';
import type { FuzzCounts } from './player.ts';
import type { FuzzPlan } from './sessions.ts';

export class Fuzzer {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(t: TestContext, plan: FuzzPlan): Promise<Fuzzer> {
    const main = join(REPOSITORY, 'test/support/fuzz/main.ts');
    const child = await Child.spawn(t, {
      name: 'fuzzer',
      command: process.execPath,
      args: ['--conditions=tributary-source', main, JSON.stringify(plan)],
      cwd: REPOSITORY,
      env: cleanEnv(),
    });
    return new Fuzzer(child);
  }

  /** How it stands, as it told last. */
  get counts(): FuzzCounts | null {
    const line = this.#child.lines('stdout').findLast((text) => text.startsWith('at '));
    return line === undefined ? null : (JSON.parse(line.slice(3)) as FuzzCounts);
  }

  /** Waits until it has sent all. @returns what it sent, and what that took. */
  async done(timeoutMs: number): Promise<{ readonly counts: FuzzCounts; readonly took: string }> {
    const [, json = ''] = await this.#child.line('stdout', /^done (.*)/, timeoutMs);
    const [took] = await this.#child.line('stdout', /^took .*/);
    return { counts: JSON.parse(json) as FuzzCounts, took };
  }
}

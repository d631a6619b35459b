/** A script beside a test, in a process of its own, that tells how it stands: lines `at JSON` on stdout. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child, cleanEnv } from './child.ts';
import { REPOSITORY } from './programs.ts';

/** @param script from `test/support`. @param plan its only argument, as JSON. */
export async function startTelling(
  t: TestContext,
  name: string,
  script: string,
  plan: object,
): Promise<Child> {
  const main = join(REPOSITORY, 'test/support', script);
  return await Child.spawn(t, {
    name,
    command: process.execPath,
    args: ['--conditions=tributary-source', main, JSON.stringify(plan)],
    cwd: REPOSITORY,
    env: cleanEnv(),
  });
}

/** How it stands, as it told last; null before it told anything. */
export function lastTold<T>(child: Child): T | null {
  const line = child.lines('stdout').findLast((text) => text.startsWith('at '));
  return line === undefined ? null : (JSON.parse(line.slice(3)) as T);
}

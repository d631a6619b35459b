/**
 * A repository in a temporary folder, with the real scripts and fake programs, so that a test can try what `npm start`
 * does when a program fails, hangs or is slow.
 */
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child, cleanEnv } from '../support/child.ts';
import { REPOSITORY } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';

export interface FakePrograms {
  /** JavaScript after the shebang. */
  readonly gateway: string;
  readonly reporter: string;
}

export const LISTENS = `
  console.error('gateway has', process.execArgv.join(' '), process.argv.slice(2).join(' '));
  console.log('listening on http://0.0.0.0:9750');
  setInterval(() => {}, 1000);
`;
export const RUNS = `
  console.error('reporter has', process.execArgv.join(' '), process.argv.slice(2).join(' '));
  setInterval(() => {}, 1000);
`;

/** A program's answer to signals: it says so and ends. */
export function endsOnSignal(name: string): string {
  return `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {
    console.error('${name} ends');
    process.exit(0);
  });`;
}

export async function fakeRepository(t: TestContext, programs: FakePrograms): Promise<string> {
  const root = await tempDir(t);
  await cp(join(REPOSITORY, 'scripts'), join(root, 'scripts'), { recursive: true });
  // Nothing is wanted, so nothing has to be installed; Node is where npm would have put it.
  await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
    await writeFile(join(root, file), '{"packages":{}}');
  }
  await symlink(process.execPath, join(root, 'node_modules/.bin/node'));
  for (const library of ['shared', 'program'])
    await mkdir(join(root, 'packages', library, 'src'), { recursive: true });
  await writeFile(join(root, 'packages/package.json'), '{"type":"module"}');
  for (const [name, text] of Object.entries(programs)) {
    const folder = join(root, 'packages', name);
    for (const part of ['src', 'bin', 'dist']) await mkdir(join(folder, part), { recursive: true });
    await writeFile(
      join(folder, 'bin', `tributary-${name}.js`),
      `#!/usr/bin/env -S node --max-semi-space-size=1 --expose-gc\n${text}`,
    );
    // As if the compiler had just been here.
    for (const file of ['dist/main.js', 'tsconfig.tsbuildinfo']) await writeFile(join(folder, file), '');
  }
  return root;
}

/** `npm start` in such a repository, as a process group of its own. */
export async function startIn(t: TestContext, root: string, env: NodeJS.ProcessEnv = {}): Promise<Child> {
  return await Child.spawn(t, {
    name: 'npm start',
    command: process.execPath,
    args: [join(root, 'scripts/start.mjs')],
    cwd: root,
    env: cleanEnv(env),
    group: true,
  });
}

/** `npm run NAME -- ARGS` in such a repository. */
export async function runIn(t: TestContext, root: string, ...args: readonly string[]): Promise<Child> {
  return await Child.spawn(t, {
    name: `npm run ${args[0]}`,
    command: process.execPath,
    args: [join(root, 'scripts/run.mjs'), ...args],
    cwd: root,
    env: cleanEnv({}),
    group: true,
  });
}

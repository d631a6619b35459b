/** The packages as `npm pack` makes them, and what a person has who installed them in an empty folder. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureInstalled } from '../../scripts/ensure-installed.mjs';
import { pathOfUser } from './as-a-user.ts';
import { cleanEnv } from './child.ts';
import { REPOSITORY } from './programs.ts';

const run = promisify(execFile);
const NPM_MS_MAX = 120_000;
/** In the order in which they depend on one another. */
export const PACKAGES = ['shared', 'program', 'gateway', 'reporter'] as const;
export type PackageName = (typeof PACKAGES)[number];

export interface Packed {
  readonly name: PackageName;
  /** The tarball's path. */
  readonly file: string;
  /** Paths inside it. */
  readonly entries: readonly string[];
}

/** Packs what `tsc -b` made of the sources as they are now. */
export async function packAll(folder: string): Promise<readonly Packed[]> {
  await ensureInstalled({ build: true });
  await mkdir(folder);
  const workspaces = PACKAGES.flatMap((name) => ['--workspace', `packages/${name}`]);
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...workspaces],
    {
      cwd: REPOSITORY,
      env: cleanEnv(),
      timeout: NPM_MS_MAX,
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  type Told = { name: string; filename: string; files: readonly { path: string }[] };
  // An array until npm 11, and an object by name since.
  const told = Object.values(JSON.parse(stdout) as Record<string, Told>);
  return PACKAGES.map((name) => {
    const found = told.find((entry) => entry.name === `@tributary/${name}`);
    if (found === undefined)
      throw new Error(`npm pack has not made @tributary/${name}: ${stdout.slice(0, 500)}`);
    return { name, file: join(folder, found.filename), entries: found.files.map(({ path }) => path) };
  });
}

/** `npm install` of the tarballs in an empty folder; returns the folder of the commands. */
export async function installPacked(packed: readonly Packed[], folder: string): Promise<string> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{"private": true}\n');
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, ...packed.map(({ file }) => file)], {
    cwd: folder,
    env: cleanEnv({ PATH: pathOfUser().join(delimiter) }),
    timeout: NPM_MS_MAX,
  });
  return join(folder, 'node_modules/.bin');
}

/** The environment of a person with a Node that is new enough: the one that runs the test. */
export function envWithNode(): NodeJS.ProcessEnv {
  return cleanEnv({ PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter) });
}

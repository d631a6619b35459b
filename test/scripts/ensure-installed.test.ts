import assert from 'node:assert/strict';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { REPOSITORY } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The scripts are plain JavaScript without types, since they run before anything is installed. */
interface EnsureInstalled {
  isInstalled(root: string): boolean;
  isBuildOld(root: string): boolean;
  isNewEnough(version: string): boolean;
}

const script = pathToFileURL(join(REPOSITORY, 'scripts/ensure-installed.mjs')).href;
const { isInstalled, isBuildOld, isNewEnough } = (await import(script)) as EnsureInstalled;

async function write(path: string, text = '', at?: Date): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  if (at !== undefined) await utimes(path, at, at);
}

const lock = (packages: object): string => JSON.stringify({ packages });
const A = { version: '1.0.0', integrity: 'sha512-a' };

test('installed is what the lock file names, optional packages aside', async (t) => {
  const root = await tempDir(t);
  const wanted = { '': { name: 'root' }, 'node_modules/a': A, 'node_modules/b': { ...A, optional: true } };
  await write(join(root, 'package-lock.json'), lock(wanted));
  assert.equal(isInstalled(root), false, 'nothing is there');

  const cases: [packages: object, installed: boolean][] = [
    [{ 'node_modules/a': A }, true],
    [{ 'node_modules/a': A, 'node_modules/b': A }, true],
    [{ 'node_modules/b': A }, false],
    [{ 'node_modules/a': { ...A, version: '1.0.1' } }, false],
    [{ 'node_modules/a': { ...A, integrity: 'sha512-b' } }, false],
    [{ 'node_modules/a': A, 'node_modules/b': { ...A, version: '0.9.0' } }, false],
  ];
  for (const [packages, installed] of cases) {
    await write(join(root, 'node_modules/.package-lock.json'), lock(packages));
    assert.equal(isInstalled(root), installed, JSON.stringify(packages));
  }
});

test('a build is old when a source is newer, tests aside', async (t) => {
  const root = await tempDir(t);
  const [early, late] = [new Date(1_000_000), new Date(2_000_000)];
  const libraries = ['shared', 'program'].map((name) => join(root, 'packages', name, 'src/a.ts'));
  for (const source of libraries) await write(source, '', early);
  for (const name of ['gateway', 'reporter']) {
    await write(join(root, 'packages', name, 'src/deep/b.ts'), '', early);
    await write(join(root, 'packages', name, 'src/b.test.ts'), '', new Date());
    assert.equal(isBuildOld(root), true, `${name} is not built`);
    await write(join(root, 'packages', name, 'dist/main.js'), '', early);
    await write(join(root, 'packages', name, 'tsconfig.tsbuildinfo'), '', late);
    if (name === 'gateway') await write(join(root, 'packages/reporter/src/x.ts'), '', early);
  }
  assert.equal(isBuildOld(root), false);
  for (const source of libraries) {
    await write(source, '', new Date());
    assert.equal(isBuildOld(root), true, source);
    await write(source, '', early);
  }
});

test('22.18 is the oldest Node that will do', () => {
  for (const version of ['v22.18.0', 'v24.21.0', 'v23.0.0'])
    assert.equal(isNewEnough(version), true, version);
  for (const version of ['v20.20.2', 'v22.17.9', 'v8.99.0', ''])
    assert.equal(isNewEnough(version), false, version);
});

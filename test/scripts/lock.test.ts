import assert from 'node:assert/strict';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { Child } from '../support/child.ts';
import { REPOSITORY } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';

type WithLock = <T>(path: string, work: () => Promise<T> | T, onWait?: () => void) => Promise<T>;

const script = pathToFileURL(join(REPOSITORY, 'scripts/lock.mjs')).href;
const { withLock } = (await import(script)) as { withLock: WithLock };

test('only one process at a time is inside', async (t) => {
  const folder = await tempDir(t);
  const [lock, journal] = [join(folder, 'lock'), join(folder, 'journal')];
  const body = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as delay } from 'node:timers/promises';
    import { withLock } from ${JSON.stringify(script)};
    await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(journal)}, 'in ');
      await delay(50);
      appendFileSync(${JSON.stringify(journal)}, 'out ');
    });`;
  const children = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) =>
      Child.spawn(t, { name, command: process.execPath, args: ['--input-type=module', '--eval', body] }),
    ),
  );
  for (const child of children)
    assert.deepEqual(await child.exited, { code: 0, signal: null }, child.describe());
  assert.equal(await readFile(journal, 'utf8'), 'in out '.repeat(children.length));
});

test('a lock whose owner is gone, or which is too old, is taken over', async (t) => {
  const lock = join(await tempDir(t), 'lock');
  await using gone = await Child.spawn(t, { name: 'gone', command: process.execPath, args: ['--eval', ''] });
  await gone.exited;
  await writeFile(lock, String(gone.pid));
  assert.equal(await withLock(lock, () => 'mine'), 'mine');

  await writeFile(lock, String(process.pid));
  const longAgo = new Date(Date.now() - 60 * 60_000);
  await utimes(lock, longAgo, longAgo);
  assert.equal(await withLock(lock, () => 'mine'), 'mine');
});

test('a failure gives the lock back', async (t) => {
  const lock = join(await tempDir(t), 'lock');
  await assert.rejects(
    withLock(lock, () => {
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal(await withLock(lock, () => 'mine'), 'mine');
});

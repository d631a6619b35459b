/** A tick starts no process, whichever of the default collectors it is for. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Child } from './support/child.ts';
import { isCi } from './support/peers.ts';
import { REPOSITORY } from './support/programs.ts';

const skip = process.getuid?.() === 0 || isCi() ? false : 'a pid namespace of its own needs root';

async function count(t: Parameters<typeof Child.spawn>[0], ...flags: string[]): Promise<string> {
  const script = join(REPOSITORY, 'test/support/count-processes.ts');
  await using child = await Child.spawn(t, {
    name: 'ticks',
    command: 'unshare',
    args: [
      '--pid',
      '--fork',
      '--kill-child',
      process.execPath,
      '--conditions=tributary-source',
      script,
      ...flags,
    ],
    cwd: REPOSITORY,
  });
  assert.equal((await child.exited).code, 0);
  return child.lines('stdout').join('\n');
}

test('a tick starts no process', { skip }, async (t) => {
  // The first in its namespace, so the count is its own.
  assert.equal(await count(t), '1 0');
});

test('the count sees a process that a tick starts', { skip }, async (t) => {
  assert.match(await count(t, '--collector.systemd'), /^1 [1-9]/);
});

/** What `npm run bench` says to a name that there is not. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { Child } from '../support/child.ts';
import { REPOSITORY } from '../support/programs.ts';

for (const args of [['nope'], ['tick', '../support/ticks'], ['constructor']]) {
  test(`npm run bench -- ${args.join(' ')}: names those there are`, async (t) => {
    const command = [join(REPOSITORY, 'scripts/tool.mjs'), 'bench', ...args];
    await using child = await Child.spawn(t, { name: 'tool', command: process.execPath, args: command });
    assert.deepEqual(await child.exited, { code: 1, signal: null });
    assert.deepEqual(child.lines('stderr').length, 1);
    assert.match(child.lines('stderr').join(), /^which part\? npm run bench -- NAME, one of ingest.*, tick$/);
  });
}

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { FreeSpace } from './free-space.ts';

test('tells the room of a disk, and nothing of one that is not there', async () => {
  const space = await new FreeSpace(tmpdir(), () => 0).read();
  assert.ok(space !== null && space.sizeBytes > 0 && space.freeBytes <= space.sizeBytes);
  assert.equal(await new FreeSpace('/nowhere/at/all', () => 0).read(), null);
});

test('is asked anew after a while only', async () => {
  let now = 0;
  const free = new FreeSpace(tmpdir(), () => now);
  const first = await free.read();
  assert.equal(await free.read(), first);
  now = 6000;
  assert.notEqual(await free.read(), first);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEntropyCollector } from './entropy.ts';
import { collectOnce, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const FOLDER = 'proc/sys/kernel/random';

test('tells what is there of how much', async (t) => {
  const roots = temporaryRoots(t, { [`${FOLDER}/entropy_avail`]: '255\n', [`${FOLDER}/poolsize`]: '256\n' });
  const text = await renderOnce(createEntropyCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_entropy_available_bits'), ['255']);
  assert.deepEqual(samplesOf(text, 'node_entropy_pool_size_bits'), ['256']);
});

test('garbage is an error', async (t) => {
  const roots = temporaryRoots(t, { [`${FOLDER}/entropy_avail`]: 'many\n', [`${FOLDER}/poolsize`]: '256\n' });
  await assert.rejects(async () => collectOnce(createEntropyCollector(roots)), /entropy_avail: many/);
});

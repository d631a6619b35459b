import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeGroup } from '@tributary/shared/encode';
import { shapesOf } from './stored-batch.ts';

test('the shapes of a batch, in order', () => {
  const groups = `[${encodeGroup(12, [1, null, Number.NaN])},${encodeGroup(3, [], 5)},${encodeGroup(7, [-0.5])}]`;
  assert.deepEqual(shapesOf(groups), [12, 3, 7]);
  assert.deepEqual(shapesOf('[]'), []);
});

test('what does not look like groups is damaged', () => {
  for (const text of ['', 'x', '{"shape":1,"values":[1]}', '[{"shape":1,"values":[1', '[garbage]']) {
    assert.equal(shapesOf(text), null, text);
  }
});

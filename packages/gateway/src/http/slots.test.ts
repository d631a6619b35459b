import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

test('so many at a time, the others in the order in which they came', async () => {
  const slots = new Slots(2, 2);
  const order: string[] = [];
  await slots.take();
  await slots.take();
  assert.equal(slots.isFull, false, 'two may wait');
  const waiting = ['a', 'b'].map((name) => slots.take().then(() => order.push(name)));
  assert.equal(slots.isFull, true);
  slots.give();
  await waiting[0];
  assert.deepEqual(order, ['a']);
  assert.equal(slots.isFull, false);
  slots.give();
  await waiting[1];
  slots.give();
  slots.give();
  await slots.take();
  await slots.take();
  assert.deepEqual(order, ['a', 'b']);
});

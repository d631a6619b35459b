import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

const never = new AbortController().signal;

test('so many at a time, the others in the order in which they came', async () => {
  const gate = new Gate(1);
  const entered: string[] = [];
  const enter = async (name: string) => {
    const leave = await gate.enter(never);
    entered.push(name);
    return leave;
  };
  const [a, b, c] = [enter('a'), enter('b'), enter('c')];
  const leaveA = await a;
  assert.deepEqual(entered, ['a']);
  leaveA();
  leaveA();
  const leaveB = await b;
  assert.deepEqual(entered, ['a', 'b']);
  leaveB();
  (await c)();
  assert.deepEqual(entered, ['a', 'b', 'c']);
  (await gate.enter(never))();
});

test('who gives up waiting is passed over', async () => {
  const gate = new Gate(1);
  const leave = await gate.enter(never);
  const abort = new AbortController();
  const waiting = gate.enter(abort.signal);
  const next = gate.enter(never);
  abort.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  leave();
  (await next)();
  await assert.rejects(gate.enter(abort.signal), /enough/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextTick, phaseOf } from './ticks.ts';

test("the phase is the host's own, and lies within the interval", () => {
  const phases = new Set<number>();
  for (let i = 0; i < 100; i++) {
    const phase = phaseOf(`web-${i}`, 10_000);
    assert.ok(Number.isInteger(phase) && phase >= 0 && phase < 10_000);
    assert.equal(phase, phaseOf(`web-${i}`, 10_000));
    phases.add(phase);
  }
  assert.ok(phases.size > 90, 'a fleet does not speak in one instant');
});

test('the next tick is always later, by no more than the interval, and at the phase', () => {
  for (const now of [0, 1, 122, 123, 124, 9_999, 10_123, 1_790_000_000_000, 1_790_000_000_122]) {
    const tick = nextTick(now, 10_000, 123);
    assert.ok(tick > now && tick <= now + 10_000, `${tick} after ${now}`);
    assert.equal(tick % 10_000, 123);
  }
  assert.equal(nextTick(123, 10_000, 123), 10_123);
});

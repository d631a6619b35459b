import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as limits from './limits.ts';

test('every limit is a positive whole number', () => {
  const { DEFAULT_LIMITS, ...others } = limits;
  for (const [name, value] of Object.entries({ ...DEFAULT_LIMITS, ...others })) {
    assert.ok(Number.isSafeInteger(value) && value > 0, name);
  }
});

test('a frame fits into the window, so that one batch can always be under way', () => {
  assert.ok(limits.DEFAULT_LIMITS.frameBytesMax <= limits.DEFAULT_LIMITS.windowBytesMax);
});

test('a host that uses all its series fits into one frame', () => {
  // A number takes 24 characters at most, with its sign, exponent and comma.
  const bytes = limits.DEFAULT_LIMITS.seriesMax * '-1.2345678901234567e-308,'.length;
  assert.ok(bytes < limits.DEFAULT_LIMITS.frameBytesMax);
});

test('the longest label that admission takes fits into a frame, and so does a help', () => {
  const worst = 6 * (limits.LABEL_VALUE_CHARS_MAX + limits.NAME_CHARS_MAX) * limits.LABELS_MAX;
  assert.ok(worst < limits.DEFAULT_LIMITS.frameBytesMax);
  assert.ok(6 * limits.HELP_CHARS_MAX < limits.DEFAULT_LIMITS.frameBytesMax);
});

test('a silent end is pinged twice before it is given up, and another run waits for less than that', () => {
  assert.ok(2 * limits.PING_INTERVAL_MS < limits.SILENCE_MS_MAX);
  assert.ok(limits.PING_INTERVAL_MS < limits.TAKEOVER_SILENCE_MS);
  assert.ok(limits.TAKEOVER_SILENCE_MS < limits.SILENCE_MS_MAX);
});

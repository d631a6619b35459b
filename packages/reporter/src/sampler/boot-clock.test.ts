import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createBootClock } from './boot-clock.ts';

test('a boot is named by the kernel and the host', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'boot-'));
  t.after(() => rmSync(proc, { recursive: true, force: true }));
  mkdirSync(join(proc, 'sys/kernel/random'), { recursive: true });
  writeFileSync(join(proc, 'sys/kernel/random/boot_id'), '0f7c-uuid\n');
  const clock = createBootClock(proc, 'run-1');
  assert.equal(clock.boot, `0f7c-uuid@${hostname()}`);
  assertRises(clock.now);
});

test('where the kernel does not say, every process is a boot of its own', () => {
  const clock = createBootClock('/nonexistent', 'run-1');
  assert.equal(clock.boot, 'run-1');
  assertRises(clock.now);
});

function assertRises(now: () => number): void {
  const first = now();
  assert.ok(Number.isInteger(first) && first > 0);
  assert.ok(now() >= first);
}

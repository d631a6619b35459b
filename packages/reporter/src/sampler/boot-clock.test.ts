import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createBootClock, createSuspendProofClock } from './boot-clock.ts';

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

test('a suspend in which the fine clock stood still is made up for, the coarseness of the uptime is not', () => {
  const host = { fineMs: 5_000, uptimeMs: 90_000 };
  const now = createSuspendProofClock(
    () => host.fineMs,
    () => Math.floor(host.uptimeMs / 1000) * 1000,
  );
  for (let i = 0; i < 100; i++) {
    host.fineMs += 333;
    host.uptimeMs += 333;
    assert.equal(now(), host.fineMs);
  }
  host.uptimeMs += 8 * 3_600_000;
  assert.ok(Math.abs(now() - host.fineMs - 8 * 3_600_000) <= 1_000);
  const slept = now() - host.fineMs;
  host.fineMs += 10_000;
  host.uptimeMs += 10_000;
  assert.equal(now() - host.fineMs, slept, 'once');
});

function assertRises(now: () => number): void {
  const first = now();
  assert.ok(Number.isInteger(first) && first > 0);
  assert.ok(now() >= first);
}

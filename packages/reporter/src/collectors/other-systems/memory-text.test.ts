import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryValue, parseFreebsdSysctl, parseSwapUsage, parseVmStat } from './memory-text.ts';
import { fixture, SWAP_USAGE } from './sources-test-support.ts';

const byKey = (values: readonly MemoryValue[]) =>
  Object.fromEntries(values.map(({ key, value }) => [key, value]));

test('vm_stat of macOS: pages of the size that it names, as bytes', () => {
  const values = parseVmStat(fixture('vm-stat-macos.txt'));
  assert.deepEqual(byKey(values), {
    active_bytes: 243451 * 16384,
    inactive_bytes: 240210 * 16384,
    wired_bytes: 138022 * 16384,
    purgeable_bytes: 3310 * 16384,
    internal_bytes: 355062 * 16384,
    compressed_bytes: 371234 * 16384,
    swapped_in_bytes_total: 12345678 * 16384,
    swapped_out_bytes_total: 123456 * 16384,
  });
  assert.deepEqual(
    values.filter(({ type }) => type === 'counter').map(({ key }) => key),
    ['swapped_in_bytes_total', 'swapped_out_bytes_total'],
  );
  assert.throws(() => parseVmStat('Pages active: 5.\n'), /size of a page/);
  assert.throws(() => parseVmStat('(page size of 4096 bytes)\nPages active: many\n'), /Pages active: many/);
});

test('sysctl of FreeBSD: pages and bytes', () => {
  const values = byKey(parseFreebsdSysctl(fixture('sysctl-freebsd.txt')));
  assert.equal(values['active_bytes'], 183250 * 4096);
  assert.equal(values['buffer_bytes'], 412876800);
  assert.equal(values['swap_size_bytes'], 2147483648);
  assert.equal(values['swap_out_bytes_total'], 1034 * 4096);
  assert.equal(Object.keys(values).length, 10);
  assert.throws(() => parseFreebsdSysctl('vm.stats.vm.v_active_count: 1\n'), /size of a page/);
});

test('swap of macOS, with a point or a comma', () => {
  assert.deepEqual(byKey(parseSwapUsage(SWAP_USAGE)), {
    swap_total_bytes: 2048 * 1024 * 1024,
    swap_used_bytes: 1012.5 * 1024 * 1024,
  });
  assert.equal(byKey(parseSwapUsage('total = 1024,00M  used = 0,50M  free = …'))['swap_used_bytes'], 524288);
  assert.throws(() => parseSwapUsage('none'), /expected total and used: "none"/);
});

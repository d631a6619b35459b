import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createProcessCollector, parseLimits, parseProcessStat, parseResidentBytes } from './process.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const STAT = '41 (a (b) c) S 1 1 1 0 -1 0 0 0 0 0 230 17 0 0 20 0 11 0 8110 4096 5 0\n';
const LIMITS =
  'Limit                     Soft Limit           Hard Limit           Units\n' +
  'Max open files            1024                 524288               files\n' +
  'Max address space         8192                 unlimited            bytes\n';

test('counts the fields behind the last parenthesis of the name', () => {
  assert.deepEqual(parseProcessStat(STAT), { cpuSeconds: 2.47, startSeconds: 81.1, virtualBytes: 4096 });
});

test('reads resident memory and the soft limits', () => {
  assert.equal(parseResidentBytes('Name:\tx\nVmRSS:\t   12 kB\nThreads:\t1\n'), 12288);
  assert.deepEqual(parseLimits(LIMITS), { openFiles: 1024, addressSpaceBytes: 8192 });
  assert.equal(parseLimits(LIMITS.replace('8192', 'unlimited')).addressSpaceBytes, 2 ** 64);
});

test('cut files are errors', () => {
  assert.throws(() => parseProcessStat('41 (x) S 1 1'), /too few fields: "41 \(x\) S 1 1"/);
  assert.throws(() => parseResidentBytes('Name:\tx\n'), /no line VmRSS/);
  assert.throws(() => parseResidentBytes('Name:\tx\nVmRSS:\t12'), /expected kB: "VmRSS:\\t12"/);
  assert.throws(() => parseLimits('Max open files  12 13 files\n'), /not both there/);
});

test('the start time stays when the kernel moves its boot time', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/stat': 'btime 1000\n',
    'proc/self/stat': STAT,
    'proc/self/status': readFileSync(join(FIXTURE_ROOTS.proc, 'self/status'), 'utf8'),
    'proc/self/limits': LIMITS,
    'proc/self/fd/0': '',
  });
  const collector = createProcessCollector(roots);
  const start = async () => samplesOf(await renderOnce(collector), 'process_start_time_seconds');
  assert.deepEqual(await start(), ['1081.1']);
  writeFileSync(join(roots.proc, 'stat'), 'btime 1002\n');
  assert.deepEqual(await start(), ['1081.1']);
});

test('agrees with Node about this very process', { skip: process.platform !== 'linux' }, async () => {
  const text = await renderOnce(createProcessCollector({ proc: '/proc', sys: '/sys', root: '/' }));
  const value = (family: string) => Number(samplesOf(text, family)[0]);
  const near = (a: number, b: number, by: number) =>
    assert.ok(Math.abs(a - b) <= by, `${a} is not near ${b}`);
  const { user, system } = process.cpuUsage();
  near(value('process_cpu_seconds_total'), (user + system) / 1e6, 0.2);
  near(value('process_resident_memory_bytes'), process.memoryUsage.rss(), 20e6);
  near(value('process_start_time_seconds'), performance.timeOrigin / 1000, 3);
});

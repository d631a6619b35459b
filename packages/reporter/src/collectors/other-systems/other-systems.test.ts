/**
 * The collectors of other systems, run here with the platform forced: the very code that runs there, with what their programs
 * and the package answer on such systems (sources-test-support.ts). What Node's own os module says is this machine's. Not
 * checked, for want of such machines: that the programs are there and write just that, and what statfs says there.
 */
import assert from 'node:assert/strict';
import { statfs as statfsOf } from 'node:fs/promises';
import os from 'node:os';
import { describe, test } from 'node:test';
import { Sampler } from '../../sampler/sampler.ts';
import type { Collector } from '../collector.ts';
import type { CollectorOptions } from '../entry.ts';
import { COLLECTORS, createCollectors } from '../list.ts';
import type { Statfs } from '../statfs-pool.ts';
import { type AskChild, createAskChild, FACTS_CHILD } from '../system-child/ask-child.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from '../test-support.ts';
import { type RunProgram, runProgram } from './run-program.ts';
import { SystemSources } from './sources.ts';
import { recordedSources, runRecorded } from './sources-test-support.ts';

const NOW = 1_772_000_000_125;
const ASKED: string[] = [];
const statfs: Statfs = (path) => {
  ASKED.push(path);
  return Promise.resolve({ bsize: 4096, blocks: 100, bfree: 40, bavail: 30, files: 1000, ffree: 900 });
};

function collectorsOf(
  platform: string,
  enabled: Readonly<Record<string, boolean>> = {},
): Map<string, Collector> {
  const collectors = createCollectors({
    roots: FIXTURE_ROOTS,
    platform,
    enabled: new Map(Object.entries(enabled)),
    now: () => NOW,
    statfs,
    sources: recordedSources(platform),
  });
  return new Map(collectors.map((collector) => [collector.name, collector]));
}

async function textOf(platform: string, name: string): Promise<string> {
  const collector = collectorsOf(platform).get(name);
  assert.ok(collector, `${name} is there on ${platform}`);
  return await renderOnce(collector);
}

const COMMON = ['cpu', 'loadavg', 'meminfo', 'filesystem', 'netdev', 'boottime', 'uname', 'os', 'time'];
const MAC = ['cpu', 'loadavg', 'meminfo', 'diskstats', ...COMMON.slice(3)];
const EVERYWHERE = ['cpu', 'boottime', 'uname', 'os', 'time', 'textfile', 'process'];

for (const [platform, names] of [
  ['darwin', [...MAC, 'textfile', 'process']],
  ['freebsd', [...COMMON, 'textfile', 'process']],
  ['openbsd', [...COMMON, 'textfile', 'process']],
  ['win32', [...COMMON.filter((name) => name !== 'loadavg'), 'textfile', 'process']],
  ['netbsd', [...COMMON.filter((name) => name !== 'filesystem'), 'textfile', 'process']],
  ['sunos', ['cpu', 'loadavg', ...EVERYWHERE.slice(1)]],
] as const) {
  test(`${platform} has what there is of node_exporter's names`, () => {
    assert.deepEqual([...collectorsOf(platform).keys()], names);
  });
}

test('each can be switched off under its own name', () => {
  const left = collectorsOf('darwin', { cpu: false, netdev: false, boottime: false });
  assert.deepEqual(
    COMMON.filter((name) => !left.has(name)),
    ['cpu', 'netdev', 'boottime'],
  );
});

test('one tick of every platform succeeds, and writes no series twice', async () => {
  for (const platform of ['darwin', 'freebsd', 'openbsd', 'win32', 'netbsd', 'sunos']) {
    const failed: string[] = [];
    const sampler = new Sampler({
      collectors: [...collectorsOf(platform).values()],
      labels: {},
      onOutcome: (name, error) => failed.push(`${platform} ${name}: ${error?.message}`),
      monotonic: () => performance.now(),
    });
    const columns = await sampler.sample(10_000);
    const series = columns.flatMap(({ shape }) =>
      shape.families.flatMap((family) => family.series.map((one) => `${family.name}${JSON.stringify(one)}`)),
    );
    assert.deepEqual(failed, []);
    assert.equal(new Set(series).size, series.length);
  }
});

describe('cpu', () => {
  test('every CPU of this machine, in modes that the system has', async () => {
    for (const [platform, modes] of [
      ['darwin', ['user', 'system', 'idle', 'nice']],
      ['freebsd', ['user', 'system', 'idle', 'nice', 'interrupt']],
      ['win32', ['user', 'system', 'idle', 'interrupt']],
    ] as const) {
      const samples = samplesOf(await textOf(platform, 'cpu'), 'node_cpu_seconds_total');
      const found = samples.map((sample) => sample.slice(0, sample.indexOf('}') + 1));
      const expected = os.cpus().flatMap((_, cpu) => modes.map((mode) => `{cpu="${cpu}",mode="${mode}"}`));
      assert.deepEqual(found, expected);
      assert.ok(samples.some((sample) => Number(sample.split(' ').at(-1)) > 0));
    }
  });
});

describe('meminfo', () => {
  const keysOf = (text: string) => [...text.matchAll(/^node_memory_(\w+) /gm)].map(([, key]) => key).sort();

  test("node_exporter's names of macOS", async () => {
    const text = await textOf('darwin', 'meminfo');
    assert.deepEqual(samplesOf(text, 'node_memory_total_bytes'), [`${os.totalmem()}`]);
    assert.deepEqual(samplesOf(text, 'node_memory_swap_used_bytes'), [`${1012.5 * 1024 * 1024}`]);
    assert.match(text, /^# TYPE node_memory_swapped_in_bytes_total counter$/m);
    assert.deepEqual(keysOf(text), [
      'active_bytes',
      'compressed_bytes',
      'free_bytes',
      'inactive_bytes',
      'internal_bytes',
      'purgeable_bytes',
      'swap_total_bytes',
      'swap_used_bytes',
      'swapped_in_bytes_total',
      'swapped_out_bytes_total',
      'total_bytes',
      'wired_bytes',
    ]);
  });

  test("node_exporter's names of the BSDs", async () => {
    const keys = keysOf(await textOf('freebsd', 'meminfo'));
    for (const key of ['size_bytes', 'free_bytes', 'active_bytes', 'wired_bytes', 'swap_size_bytes'])
      assert.ok(keys.includes(key), key);
    assert.deepEqual(keysOf(await textOf('openbsd', 'meminfo')), ['free_bytes', 'size_bytes']);
  });

  test("Linux's names on Windows", async () => {
    const text = await textOf('win32', 'meminfo');
    assert.deepEqual(keysOf(text), [
      'MemAvailable_bytes',
      'MemTotal_bytes',
      'SwapFree_bytes',
      'SwapTotal_bytes',
    ]);
    assert.deepEqual(samplesOf(text, 'node_memory_SwapFree_bytes'), ['2281701376']);
  });
});

describe('filesystem', () => {
  test('macOS: what the kernel has mounted, by its names; what node_exporter leaves out is left out', async () => {
    const text = await textOf('darwin', 'filesystem');
    assert.deepEqual(samplesOf(text, 'node_filesystem_avail_bytes'), [
      '{device="/dev/disk3s1s1",mountpoint="/",fstype="apfs"} 122880',
      '{device="/dev/disk3s5",mountpoint="/System/Volumes/Data",fstype="apfs"} 122880',
    ]);
    assert.deepEqual(samplesOf(text, 'node_filesystem_readonly'), [
      '{device="/dev/disk3s1s1",mountpoint="/",fstype="apfs"} 1',
      '{device="/dev/disk3s5",mountpoint="/System/Volumes/Data",fstype="apfs"} 0',
    ]);
    assert.equal(samplesOf(text, 'node_filesystem_files_free').length, 2);
    assert.equal(samplesOf(text, 'node_filesystem_purgeable_bytes').length, 0);
  });

  test('FreeBSD', async () => {
    const text = await textOf('freebsd', 'filesystem');
    assert.deepEqual(samplesOf(text, 'node_filesystem_size_bytes'), [
      '{device="zroot/ROOT/default",mountpoint="/",fstype="zfs"} 409600',
      '{device="/dev/gpt/efiboot0",mountpoint="/boot/efi",fstype="msdosfs"} 409600',
    ]);
  });

  test('Windows: drives, asked at their roots, and no file nodes', async () => {
    ASKED.length = 0;
    const text = await textOf('win32', 'filesystem');
    assert.deepEqual(samplesOf(text, 'node_filesystem_free_bytes'), [
      '{device="C:",mountpoint="C:",fstype="NTFS"} 163840',
      '{device="Z:",mountpoint="Z:",fstype="NTFS"} 163840',
    ]);
    assert.deepEqual(ASKED.sort(), ['C:\\', 'Z:\\']);
    assert.equal(samplesOf(text, 'node_filesystem_files').length, 0);
    assert.deepEqual(samplesOf(text, 'node_filesystem_readonly').at(-1)?.at(-1), '1');
  });
});

describe('netdev', () => {
  test('macOS and FreeBSD, as netstat has them', async () => {
    const mac = await textOf('darwin', 'netdev');
    assert.ok(samplesOf(mac, 'node_network_receive_bytes_total').includes('{device="en0"} 13047081883'));
    assert.ok(samplesOf(mac, 'node_network_transmit_packets_total').includes('{device="en0"} 29605843'));
    assert.equal(samplesOf(mac, 'node_network_receive_drop_total').length, 0);
    const bsd = await textOf('freebsd', 'netdev');
    assert.ok(samplesOf(bsd, 'node_network_receive_drop_total').includes('{device="em0"} 5'));
  });

  test('Windows: adapters that have counters', async () => {
    const text = await textOf('win32', 'netdev');
    assert.deepEqual(samplesOf(text, 'node_network_receive_bytes_total'), ['{device="Ethernet"} 123456789']);
    assert.deepEqual(samplesOf(text, 'node_network_receive_drop_total'), ['{device="Ethernet"} 1']);
  });
});

test('diskstats of macOS, each disk for itself', async () => {
  const text = await textOf('darwin', 'diskstats');
  assert.deepEqual(samplesOf(text, 'node_disk_read_bytes_total'), [
    '{device="disk0"} 31897657344',
    '{device="disk4"} 3394316288',
  ]);
  assert.deepEqual(samplesOf(text, 'node_disk_write_time_seconds_total'), [
    '{device="disk0"} 67.313671632',
    '{device="disk4"} 1.232071199',
  ]);
  assert.match(text, /^# HELP node_disk_writes_completed_total The total number of writes completed/m);
});

test('uname, boot time, time, load and system come from Node itself', async () => {
  assert.match(await textOf('darwin', 'uname'), new RegExp(`sysname="${os.type()}"`));
  const boot = Number(samplesOf(await textOf('openbsd', 'boottime'), 'node_boot_time_seconds')[0]);
  assert.ok(Math.abs(boot - (NOW / 1000 - os.uptime())) < 2);
  assert.deepEqual(samplesOf(await textOf('win32', 'time'), 'node_time_seconds'), [`${NOW / 1000}`]);
  assert.equal(samplesOf(await textOf('freebsd', 'loadavg'), 'node_load5').length, 1);
  assert.match(
    samplesOf(await textOf('win32', 'os'), 'node_os_info')[0] ?? '',
    /id="windows",name="Windows"/,
  );
  assert.match(samplesOf(await textOf('freebsd', 'os'), 'node_os_info')[0] ?? '', /version_id=/);
  assert.ok(Number(samplesOf(await textOf('win32', 'process'), 'process_resident_memory_bytes')[0]) > 1e6);
});

test('a real child asks the package on this machine, once for all who want something of it', async () => {
  let asked = 0;
  const real = (platform: string, run: RunProgram): CollectorOptions => {
    const child = createAskChild(FACTS_CHILD);
    const ask: AskChild = (questions) => {
      asked++;
      return child(questions);
    };
    const clocks = { monotonic: () => performance.now(), now: Date.now };
    const sources = new SystemSources({ platform, run, ask, ...clocks });
    const enabled = new Map(COLLECTORS.map(({ name }) => [name, false]));
    for (const name of ['filesystem', 'netdev', 'meminfo']) enabled.set(name, true);
    // The root of a container is of a type that is not told otherwise.
    const settings = { 'collector.filesystem.fs-types-exclude': null };
    return { roots: FIXTURE_ROOTS, platform, enabled, settings, now: Date.now, sources };
  };
  const textOfAll = async (options: CollectorOptions) =>
    (await Promise.all(createCollectors(options).map((collector) => renderOnce(collector)))).join('');

  const windows = await textOfAll({ ...real('win32', runProgram), statfs });
  assert.equal(asked, 1);
  assert.ok(samplesOf(windows, 'node_network_receive_bytes_total').some((sample) => sample.includes('"lo"')));
  assert.equal(samplesOf(windows, 'node_memory_SwapTotal_bytes').length, 1);

  const bsd = await textOfAll(real('freebsd', runRecorded('freebsd')));
  const { bsize, blocks } = await statfsOf('/');
  const root = samplesOf(bsd, 'node_filesystem_size_bytes').find((sample) =>
    sample.includes('mountpoint="/",'),
  );
  assert.equal(root?.split(' ').at(-1), `${bsize * blocks}`);
});

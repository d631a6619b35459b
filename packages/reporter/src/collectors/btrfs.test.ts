import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocationRatio, createBtrfsCollector, parseCommitStats } from './btrfs.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('what a byte takes by layout', () => {
  const ratios = ['single', 'raid0', 'raid1', 'raid10', 'dup', 'raid1c3', 'raid1c4', 'raid5', 'raid6'].map(
    (mode) => allocationRatio(mode, 4),
  );
  assert.deepEqual(ratios, [1, 1, 2, 2, 2, 3, 4, 4 / 3, 2]);
});

test('commits by name', () => {
  assert.deepEqual(
    [...parseCommitStats('commits 12\nmax_commit_ms 34\n')],
    [
      ['commits', 12],
      ['max_commit_ms', 34],
    ],
  );
  assert.throws(() => parseCommitStats('commits many'), /no name and number/);
});

test('tells the space of each layout and the size of each device', async (t) => {
  const base = 'sys/fs/btrfs/11111111-2222';
  const roots = temporaryRoots(t, {
    [`${base}/label`]: 'data\n',
    [`${base}/allocation/data/bytes_reserved`]: '5\n',
    [`${base}/allocation/data/raid1/used_bytes`]: '10\n',
    [`${base}/allocation/data/raid1/total_bytes`]: '20\n',
    [`${base}/devices/sda/size`]: '4\n',
    [`${base}/commit_stats`]: 'commits 3\nlast_commit_ms 1500\n',
    'sys/fs/btrfs/features/raid56': '0\n',
  });
  const text = await renderOnce(createBtrfsCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_btrfs_info'), ['{label="data",uuid="11111111-2222"} 1']);
  const layout = '{block_group_type="data",mode="raid1",uuid="11111111-2222"}';
  assert.deepEqual(samplesOf(text, 'node_btrfs_size_bytes'), [`${layout} 20`]);
  assert.deepEqual(samplesOf(text, 'node_btrfs_allocation_ratio'), [`${layout} 2`]);
  assert.deepEqual(samplesOf(text, 'node_btrfs_device_size_bytes'), [
    '{device="sda",uuid="11111111-2222"} 2048',
  ]);
  assert.deepEqual(samplesOf(text, 'node_btrfs_last_commit_seconds'), ['{uuid="11111111-2222"} 1.5']);
});

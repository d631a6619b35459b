import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { collectOnce, FIXTURE_ROOTS, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createZfsCollector, parseKstat, parsePoolIo } from './zfs.ts';

const HEADINGS = '5 1 0x01 91 4368 5266997922 97951858082072\nname                            type data\n';

test('takes 64-bit counters, negative ones too, and the name of the dataset', () => {
  const kstat = parseKstat(
    `${HEADINGS}dataset_name  7    tank/home\nhits  4    17\nmemory_available_bytes  3    -9\nother  1    5\n`,
  );
  assert.equal(kstat.dataset, 'tank/home');
  assert.deepEqual(
    [...kstat.counters],
    [
      ['hits', 17],
      ['memory_available_bytes', -9],
    ],
  );
});

test('a file without headings, and garbage, are errors', () => {
  assert.throws(() => parseKstat('hits 4 17\n'), /the line "name type data" is missing/);
  assert.throws(() => parseKstat(`${HEADINGS}hits 4 x\n`), /x is no number/);
});

test('the counters of a pool stand below their names', () => {
  const counters = parsePoolIo('12 3 0x00 1 80 79205351707403 395818011156865\nnread  nwritten\n188  320\n');
  assert.deepEqual(
    [...counters],
    [
      ['nread', 188],
      ['nwritten', 320],
    ],
  );
});

test('tells host, pools, datasets and states', async () => {
  const text = await renderOnce(createZfsCollector(FIXTURE_ROOTS));
  assert.ok(text.includes('# HELP node_zfs_arc_hdr_size kstat.zfs.misc.arcstats.hdr-size\n'));
  assert.deepEqual(samplesOf(text, 'node_zfs_zpool_nread'), ['{zpool="tank"} 1884160']);
  assert.deepEqual(samplesOf(text, 'node_zfs_zpool_dataset_reads'), ['{zpool="tank",dataset="tank/home"} 5']);
  assert.equal(samplesOf(text, 'node_zfs_zpool_state')[0], '{zpool="tank",state="online"} 1');
});

test('a host without ZFS has no data', async (t) => {
  await assert.rejects(async () => collectOnce(createZfsCollector(temporaryRoots(t, {}))), NoDataError);
});

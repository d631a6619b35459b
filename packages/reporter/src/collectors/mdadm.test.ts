import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMdadmCollector, parseMdstat } from './mdadm.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

const FOOT = 'unused devices: <none>\n';

/** One array. */
function parseOne(lines: string) {
  const [array] = parseMdstat(`Personalities : [raid1] \n${lines}\n\n${FOOT}`);
  assert.ok(array);
  return array;
}

test('counts the disks of a healthy array', () => {
  const array = parseOne(
    'md0 : active raid1 sdc[2](S) sda1[0] sdb1[1]\n      248 blocks super 1.2 [2/2] [UU]\n      bitmap: 0/1 pages [0KB], 65536KB chunk',
  );
  const disks = { disksActive: 2, disksTotal: 2, disksFailed: 0, disksSpare: 1 };
  assert.deepEqual(array, { device: 'md0', state: 'active', ...disks, blocks: 248, blocksSynced: 248 });
});

test('a disk that failed is missing from those that work', () => {
  const array = parseOne('md5 : active (read-only) raid1 sda[0] sdb[1](F)\n      99 blocks [2/1] [U_]');
  const { disksActive, disksTotal, disksFailed } = array;
  assert.deepEqual(
    { disksActive, disksTotal, disksFailed },
    { disksActive: 1, disksTotal: 2, disksFailed: 1 },
  );
});

test('without redundancy every disk is needed', () => {
  const array = parseOne('md1 : active raid0 sda[0] sdb[1] sdc[2]\n      99 blocks 64k chunks');
  assert.deepEqual([array.disksActive, array.disksTotal], [3, 3]);
});

test('how far a recovery, a resync, a check or a reshape has come', () => {
  const array = 'md6 : active raid1 sda[0] sdb[2]\n      1900 blocks [2/1] [U_]\n';
  const progress = (what: string) =>
    `${array}      [=>....]  ${what} =  8.5% (167/1900) finish=17.0min speed=259K/sec`;
  for (const [what, state] of [
    ['recovery', 'recovering'],
    ['resync', 'resync'],
    ['check', 'check'],
    ['reshape', 'reshape'],
  ] as const) {
    const { state: told, blocksSynced } = parseOne(progress(what));
    assert.deepEqual([told, blocksSynced], [state, 167]);
  }
  const waiting = parseOne(`${array}      \tresync=DELAYED`);
  assert.deepEqual([waiting.state, waiting.blocksSynced], ['resync', 0]);
});

test('an array that does not run has no disks at work', () => {
  const array = parseOne('md219 : inactive sdb[2](S) sdc[1](S)\n        7932 blocks super external:imsm');
  assert.deepEqual(
    [array.state, array.disksActive, array.disksTotal, array.disksSpare, array.blocks],
    ['inactive', 0, 0, 2, 7932],
  );
});

test('garbage and cut files are errors', () => {
  assert.throws(() => parseMdstat('md0\n'), /expected "device : state": "md0"/);
  assert.throws(() => parseMdstat('md0 : active raid1 sda[0]\n'), /array md0 has no line with its size/);
  assert.throws(() => parseMdstat('md0 : active raid1 sda[0]\n  some text\n'), /the number of blocks/);
  assert.throws(() => parseMdstat('   5 blocks\n'), /a line of no array/);
});

test('tells each state of each array, and nothing where there is none', async (t) => {
  const one = temporaryRoots(t, { 'proc/mdstat': `md0 : active raid0 sda[0]\n 9 blocks\n${FOOT}` });
  assert.deepEqual(samplesOf(await renderOnce(createMdadmCollector(one)), 'node_md_state'), [
    '{device="md0",state="active"} 1',
    '{device="md0",state="inactive"} 0',
    '{device="md0",state="recovering"} 0',
    '{device="md0",state="resync"} 0',
    '{device="md0",state="check"} 0',
  ]);
  const none = temporaryRoots(t, { 'proc/mdstat': `Personalities : \n${FOOT}` });
  assert.equal(await renderOnce(createMdadmCollector(none)), '');
  const unknown = temporaryRoots(t, {});
  await assert.rejects(async () => renderOnce(createMdadmCollector(unknown)), /mdstat/);
});

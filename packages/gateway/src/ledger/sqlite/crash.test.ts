import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Random, randomOf } from '@tributary/shared/random';
import Database from 'better-sqlite3';
import { batch } from '../ledger-test-support.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

const CHILD = fileURLToPath(new URL('./crash-test-child.ts', import.meta.url));
const HOSTS = ['web-1', 'web-2'];
/** Entries of each host that are kept where room is made. */
const KEPT = 100;
/** Of `batch`. */
const SAMPLES = 2;

/** Runs the child until it has been told of `appends` appends, kills it, and returns the last resolved seq by host. */
async function killAfter(appends: number, ...argv: readonly string[]): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--conditions=tributary-source', CHILD, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (told.split('\n').length > appends) child.kill('SIGKILL');
  });
  await once(child, 'close');
  assert.equal(child.signalCode, 'SIGKILL');
  const resolved = new Map<string, number>();
  // What stands behind the last line end is half a line: the child died while it told of it.
  for (const line of told.split('\n').slice(0, -1)) {
    const [host = '', seq = ''] = line.split(' ');
    resolved.set(host, Number(seq));
  }
  return resolved;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-crash-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/**
 * What is left of each host's log has no gap up to its end, holds all that resolved but for what was allowed to go, and its
 * totals are right. @returns how many blocks there are.
 */
async function assertLogs(
  folder: string,
  resolved: ReadonlyMap<string, number>,
  kept: number,
): Promise<number> {
  await using ledger = await SqliteLedger.open({ folder });
  let count = 0;
  for (const host of HOSTS) {
    const stored = await ledger.read(host, 0, 1_000_000);
    count += stored.length;
    const { next } = await ledger.stream(host, 'e1');
    const last = (next ?? 1) - 1;
    const first = last - stored.length + 1;
    assert.deepEqual(
      stored.map(({ seq, offset, samplesThrough }) => [seq, offset, samplesThrough]),
      stored.map((_, i) => [first + i, first + i, SAMPLES * (first + i)]),
    );
    const acked = resolved.get(host) ?? 0;
    assert.ok(last >= acked, `${host}: ${acked} resolved, ${last} found`);
    assert.ok(
      first <= Math.max(1, acked - kept),
      `${host}: ${first} is the first, and ${acked} had resolved`,
    );
    // Appends of three are there in whole or not at all.
    assert.equal(last % 3, 0);
    for (const entry of stored)
      assert.deepEqual(entry.kind === 'batch' && entry.groups, batch(entry.seq).groups);
    assert.deepEqual(ledger.tail(host)?.end, {
      offset: last,
      samples: SAMPLES * last,
      epoch: 'e1',
      seq: last,
    });
  }
  assert.equal(ledger.stats.entries, count);
  const db = new Database(join(folder, 'ledger.sqlite'), { readonly: true });
  // Nothing stands both in a block and by itself.
  const twice =
    'SELECT count(*) FROM entries e JOIN blocks b ON b.key >= e.key AND b.key >> 32 = e.key >> 32';
  assert.equal(db.prepare(twice).pluck().get(), 0);
  const blocks = db.prepare('SELECT count(*) FROM blocks').pluck().get() as number;
  db.close();
  return blocks;
}

function someAppends(random: Random): number {
  return 20 + random.below(60);
}

test('SIGKILL at any moment: everything that resolved is there once, in order and whole', async (t) => {
  const folder = await makeFolder(t);
  const seed = Date.now();
  t.diagnostic(`seed ${seed}`);
  const random = randomOf(seed);
  for (let round = 0; round < 4; round++) {
    const resolved = await killAfter(someAppends(random), folder);
    await assertLogs(folder, resolved, Number.POSITIVE_INFINITY);
  }
});

test('SIGKILL while it packs and makes room: the same, and the totals are right', async (t) => {
  const folder = await makeFolder(t);
  const seed = Date.now();
  t.diagnostic(`seed ${seed}`);
  const random = randomOf(seed);
  let blocks = 0;
  for (let round = 0; round < 8; round++) {
    const resolved = await killAfter(someAppends(random), folder, `${KEPT}`);
    blocks += await assertLogs(folder, resolved, KEPT);
  }
  assert.ok(blocks > 8, `${blocks} blocks were seen`);
});

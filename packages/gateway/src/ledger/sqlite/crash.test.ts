import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { batch } from '../ledger-contract.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

const CHILD = fileURLToPath(new URL('./crash-test-child.ts', import.meta.url));
const ROUNDS = 4;
const HOSTS = ['web-1', 'web-2'];

/** Runs the child until it has been told of `appends` appends, kills it, and returns the last resolved seq by host. */
async function killAfter(folder: string, appends: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--conditions=tributary-source', CHILD, folder], {
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

test('SIGKILL at any moment: everything that resolved is there once, in order and whole', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-crash-'));
  t.after(() => rm(folder, { recursive: true }));
  for (let round = 0; round < ROUNDS; round++) {
    const resolved = await killAfter(folder, 20 + Math.floor(Math.random() * 60));
    await using ledger = await SqliteLedger.open({ folder });
    let count = 0;
    for (const host of HOSTS) {
      const stored = await ledger.read(host, 0, 1_000_000);
      const last = stored.length;
      count += last;
      assert.deepEqual(
        stored.map(({ seq, offset }) => [seq, offset]),
        stored.map((_, i) => [i + 1, i + 1]),
      );
      assert.ok(last >= (resolved.get(host) ?? 0), `${host}: ${resolved.get(host)} resolved, ${last} found`);
      // Appends of three are there in whole or not at all.
      assert.equal(last % 3, 0);
      const newest = stored.at(-1);
      if (newest?.kind === 'batch') assert.deepEqual(newest.groups, batch(last).groups);
      assert.equal((await ledger.stream(host, 'e1')).next ?? 1, last + 1);
    }
    assert.equal(ledger.stats.entries, count);
  }
});

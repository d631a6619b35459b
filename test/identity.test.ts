/** Spools that are copied, restored and lost, with real reporters and a real gateway: nothing is lost, and nothing mixed. */
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, PATIENCE_MS } from './support/eventually.ts';
import { HalfOpenRelay } from './support/half-open.ts';
import { type LedgerBatch, readLedger } from './support/ledger-file.ts';
import { Gateway, Reporter } from './support/programs.ts';
import { readSpool } from './support/spool-file.ts';
import { tempDir } from './support/temp-dir.ts';

const HOST = 'web-1';

const ledgerOf = (gateway: Gateway): readonly LedgerBatch[] => readLedger(gateway.storagePath, HOST);

/** Waits until the ledger satisfies `holds`. */
async function ledgerWith(
  gateway: Gateway,
  what: string,
  holds: (batches: readonly LedgerBatch[]) => boolean,
): Promise<readonly LedgerBatch[]> {
  return await eventually(
    what,
    () => {
      const batches = ledgerOf(gateway);
      return holds(batches) && batches;
    },
    { timeoutMs: 2 * PATIENCE_MS },
  );
}

const byEpoch = (batches: readonly LedgerBatch[]) => Map.groupBy(batches, ({ epoch }) => epoch);

/** Each epoch has every seq from 1 on, once. */
function assertNoHoles(batches: readonly LedgerBatch[]): void {
  for (const [epoch, own] of byEpoch(batches)) {
    const seqs = own.flatMap(({ seq, lastSeq }) =>
      Array.from({ length: lastSeq - seq + 1 }, (_, i) => seq + i),
    );
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
      `epoch ${epoch}`,
    );
  }
}

/** What has samples stands in the order of its time, over all epochs. */
function assertRises(batches: readonly LedgerBatch[]): void {
  const times = batches.filter(({ tombstone }) => tombstone === null).map(({ at }) => at);
  for (const [i, at] of times.entries()) assert.ok(i === 0 || at > (times[i - 1] ?? 0), `${at} comes late`);
}

describe('a copied spool', () => {
  test('two processes, one of which speaks into a dead connection: neither loses what the other settled', async (t) => {
    await using gateway = await Gateway.start(t);
    const relay = await HalfOpenRelay.start(t, { port: Number(new URL(gateway.url).port) });
    const folder = await tempDir(t);
    const start = (name: string, gatewayUrl: string) =>
      Reporter.start(t, { gatewayUrl, host: HOST, spoolPath: join(folder, name) });
    {
      await using first = await start('a', gateway.streamUrl);
      await ledgerWith(gateway, 'three batches', (batches) => batches.length >= 3);
      await first.kill('SIGTERM');
    }
    const common = ledgerOf(gateway).length;
    await cp(join(folder, 'a'), join(folder, 'b'), { recursive: true });
    // The original is welcomed, and then nothing passes any more: what it sends counts as sent, and nobody has it.
    relay.deafAfterChunks = 2;
    await using original = await start('a', `ws://127.0.0.1:${relay.port}`);
    await eventually('the original has sent something', () => readSpool(join(folder, 'a')).sent > common + 1);
    await using copy = await start('b', gateway.streamUrl);
    const refused = await eventually('the copy is refused while the original is not silent for long', () =>
      copy.log.find((line) => line.includes('DUPLICATE_HOST')),
    );
    assert.match(refused, /with the same spool/);
    await ledgerWith(
      gateway,
      'the copy goes on under the same epoch',
      (batches) => batches.length >= common + 4,
    );
    await eventually('the original gives up a connection on which nothing comes', () =>
      original.log.some((line) => line.includes('disconnected')),
    );
    relay.deafAfterChunks = null;
    await copy.kill('SIGTERM');
    const lastOfCopy = ledgerOf(gateway).at(-1)?.at ?? 0;
    await ledgerWith(gateway, 'the original goes on in an epoch of its own', (batches) =>
      batches.some(
        ({ epoch, at, tombstone }) => epoch !== batches[0]?.epoch && at > lastOfCopy && tombstone === null,
      ),
    );
    assert.ok(original.log.some((line) => line.includes('a new epoch was begun')));
    await original.kill('SIGTERM');
    const batches = ledgerOf(gateway);
    assertNoHoles(batches);
    assertRises(batches);
    const [shared = [], own = []] = [...byEpoch(batches).values()];
    // One epoch is the common past and the copy's, the other everything that the original took since, and no more.
    const spools = { a: readSpool(join(folder, 'a')), b: readSpool(join(folder, 'b')) };
    assert.deepEqual(
      shared.map(({ at }) => at),
      spools.b.batches.map(({ at }) => at),
    );
    assert.deepEqual(
      own.map(({ seq, at }) => [seq, at]),
      spools.a.batches.map(({ seq, at }) => [seq, at]),
    );
    assert.ok(own.length > 20, 'what was taken while it spoke to nobody is there');
    for (const { at, tombstone } of own) {
      assert.equal(
        tombstone,
        at > lastOfCopy ? null : at === lastOfCopy ? 'dropped:repeat' : 'dropped:backwards',
        'the copy had spoken for that time',
      );
    }
  });
});

describe('a spool that is not what it was', () => {
  test('an older copy restored, then a re-imaged host: what is taken after is whole, in an epoch of its own', async (t) => {
    await using gateway = await Gateway.start(t);
    const folder = await tempDir(t);
    const spoolPath = join(folder, 'a');
    await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: HOST, spoolPath });
    const epochs = () => byEpoch(ledgerOf(gateway));
    const grows = (count: number) =>
      ledgerWith(gateway, `epoch ${count} has four batches`, (batches) => {
        const all = [...byEpoch(batches).values()];
        return all.length === count && (all.at(-1)?.length ?? 0) >= 4;
      });
    await grows(1);
    await reporter.kill('SIGTERM');
    await cp(spoolPath, join(folder, 'older'), { recursive: true });
    await reporter.restart();
    const before = ledgerOf(gateway).length;
    await ledgerWith(gateway, 'it goes on', (batches) => batches.length >= before + 3);
    assert.equal(epochs().size, 1);
    await reporter.kill('SIGKILL');
    await rm(spoolPath, { recursive: true });
    await cp(join(folder, 'older'), spoolPath, { recursive: true });
    await reporter.restart();
    await grows(2);
    await reporter.kill('SIGKILL');
    await rm(spoolPath, { recursive: true });
    await delay(1000);
    await reporter.restart();
    const batches = await grows(3);
    assertNoHoles(batches);
    assertRises(batches);
    assert.deepEqual(
      batches.filter(({ tombstone }) => tombstone !== null && !tombstone.startsWith('dropped:')),
      [],
    );
    const spool = readSpool(spoolPath);
    const newest = [...byEpoch(batches).values()].at(-1) ?? [];
    assert.deepEqual(
      newest.map(({ at }) => at),
      spool.batches.slice(0, newest.length).map(({ at }) => at),
    );
  });
});

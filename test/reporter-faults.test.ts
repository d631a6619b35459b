/** What a host's disk and its kernel do to a reporter: SIGKILL at any moment, and a full disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LONG } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { readLedger } from './support/ledger-file.ts';
import { Gateway, Reporter } from './support/programs.ts';
import { RecordingGateway } from './support/recording-gateway.ts';
import { readSpool } from './support/spool-file.ts';

const HOST = 'web-1';
const KILLS = LONG ? 100 : 20;

test(`SIGKILL ${KILLS} times, by a gateway of many moods: no seq ever says another thing`, async (t) => {
  const gateway = await RecordingGateway.start(t, { seed: 20261124 });
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.url, host: HOST, interval: '100ms' });
  for (let kill = 0; kill < KILLS; kill++) {
    const { connections } = gateway;
    if (kill > 0) await reporter.restart();
    // Now and then it dies before it is connected.
    if (gateway.random() < 0.8) {
      await eventually(`it is there before kill ${kill}`, () => gateway.connections > connections, {
        everyMs: 10,
      });
    }
    await delay(gateway.random() * 800);
    await reporter.kill('SIGKILL');
  }
  await reporter.restart();
  const before = gateway.received;
  await eventually('it goes on', () => gateway.received > before + 20);
  await reporter.kill('SIGKILL');
  t.diagnostic(JSON.stringify(gateway.figures));
  assert.deepEqual(gateway.conflicts, [], 'the same seq with another content or another time');
  assert.deepEqual(gateway.holes, []);
  assert.ok(gateway.figures.repeats > 0 && gateway.figures.batches > KILLS, 'too little was seen');
});

describe('with a real gateway', () => {
  const ledgerOf = (gateway: Gateway, epoch: string) =>
    readLedger(gateway.storagePath, HOST).filter((batch) => batch.epoch === epoch);

  test('a full disk: ticks are lost and counted, and it recovers by itself', async (t) => {
    const disk = mountDisk(t, '1m');
    if (disk === null) return t.skip('needs a tmpfs of its own, which this user may not mount');
    await using gateway = await Gateway.start(t);
    await gateway.kill('SIGTERM');
    await using reporter = await Reporter.start(t, {
      gatewayUrl: gateway.streamUrl,
      host: HOST,
      interval: '100ms',
      spoolPath: join(disk, 'spool'),
    });
    await eventually('the disk is full', () => reporter.log.some((line) => line.includes('refused a batch')));
    const { epoch, batches: stored } = readSpool(reporter.spoolPath);
    assert.ok(stored.length > 5);
    await gateway.restart();
    await delay(2000);
    assert.equal(reporter.exit, null);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    await eventually('batches are taken again', () =>
      reporter.log.some((line) => line.includes('the spool takes batches again')),
    );
    const batches = await eventually('all that was stored arrives', () => {
      const own = ledgerOf(gateway, epoch);
      return own.length > stored.length + 5 && own;
    });
    assert.deepEqual(
      batches.slice(0, stored.length).map(({ seq, at, tombstone }) => ({ seq, at, tombstone })),
      stored.map((batch) => ({ ...batch, tombstone: null })),
    );
    assert.deepEqual(
      batches.map(({ seq }) => seq),
      batches.map((_, i) => i + 1),
      'a tick that was lost has no seq',
    );
  });
});

/** A small disk of this test's own, or null where this user may not mount one. */
function mountDisk(t: TestContext, size: string): string | null {
  const path = mkdtempSync(join(tmpdir(), 'tributary-disk-'));
  let isMounted = false;
  t.after(() => {
    if (isMounted) execFileSync('umount', [path]);
    rmdirSync(path);
  });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
    isMounted = true;
    return path;
  } catch {
    return null;
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBatchFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import type { Labels } from '@tributary/shared/shape';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger.ts';
import { type Client, type LinkBench, startLink } from './link-test-support.ts';
import { familyOf, NOW } from './test-support.ts';

/** 200 of the padded batches may come at once, and four a second; 12,000 new series, and a hundred a second. */
const RATES = { samplesPerSecond: 4000, newSeriesPerMinute: 6000 };
const BATCHES = 230;
/** More than what is owed takes, and less than what counts as silence. */
const PAY_MS = 20_000;

async function bench(t: Parameters<typeof startLink>[0]) {
  const told: string[] = [];
  let slowedMs = 0;
  let wake: () => void = () => {};
  const link = await startLink(t, SqliteLedger.open, {
    rates: RATES,
    observer: {
      limited: (host, limit) => {
        told.push(`${host} ${limit}`);
        wake();
      },
      slowed: (_host, _limit, ms) => {
        slowedMs += ms;
      },
    },
  });
  const limited = async (times = 1) => {
    while (told.length < times) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { link, told, limited, slowed: () => slowedMs };
}

/** As long as a thousand samples. */
function padded(client: Client, from: number): void {
  for (let seq = from; seq <= BATCHES; seq++) {
    const frame = encodeBatchFrame(seq, NOW - 100_000 + seq, `[{"shape":1,"values":[${seq}]}]`);
    client.send(frame.padEnd(20_000));
  }
}

/** A batch and its ack, which shows that the gateway had its turn. */
async function reports(link: LinkBench, host: string): Promise<Client> {
  // Compressed, all of it would come in one piece.
  const client = await link.client({ perMessageDeflate: false });
  await client.greet({ host, run: host });
  client.batch(1);
  await client.acked(1);
  return client;
}

test('a host over its rate of samples is held back with its acks, loses nothing, and nobody else notices', async (t) => {
  const { link, told, limited, slowed } = await bench(t);
  const flood = await reports(link, 'flood');
  padded(flood, 2);
  await limited();
  await reports(link, 'calm');
  const acked = Math.max(...flood.frames.map((frame) => (frame.kind === 'ack' ? frame.seq : 0)));
  assert.ok(acked < BATCHES, `${acked}`);
  assert.ok(
    told.every((line) => line === 'flood samples'),
    told.join(),
  );
  // A new connection has no new reserve.
  const again = await link.client({ perMessageDeflate: false });
  await again.greet({ host: 'flood', run: 'flood', next: BATCHES + 1 });
  const welcome = await again.next('welcome');
  assert.ok(welcome.next <= BATCHES, `${welcome.next}`);
  padded(again, welcome.next);
  await limited(told.length + 1);
  assert.ok(!again.frames.some((frame) => frame.kind === 'ack'));
  link.clock.pass(PAY_MS);
  await again.acked(BATCHES);
  assert.ok(slowed() >= PAY_MS, `${slowed()}`);
});

test('a host whose labels have ever new values is slowed for the new ones, not for those that the fleet has', async (t) => {
  const { link, told, limited } = await bench(t);
  const shape = (id: number, values: number, from = 0) => {
    const series = Array.from({ length: values }, (_, i): [string, Labels] => ['', { i: `${from + i}` }]);
    return encodeShapeFrame(
      id,
      encodeShapeBody({ labels: {}, families: [familyOf('b', 'gauge', ...series)] }),
    );
  };
  const first = await reports(link, 'first');
  first.send(shape(2, 10_000));
  first.batch(2);
  await first.acked(2);
  const second = await reports(link, 'second');
  for (let id = 2; id < 12; id++) second.send(shape(id, 10_000));
  second.batch(2);
  await second.acked(2);
  assert.deepEqual(told, []);
  for (let id = 3; id < 6; id++) first.send(shape(id, 1000, id * 10_000));
  first.batch(3);
  await limited();
  second.batch(3);
  await second.acked(3);
  assert.deepEqual(told, ['first new_series']);
  assert.ok(!first.frames.some((frame) => frame.kind === 'ack' && frame.seq === 3));
  link.clock.pass(PAY_MS);
  await first.acked(3);
  assert.deepEqual(link.refusals, []);
});

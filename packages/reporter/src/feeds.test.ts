import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from './config.ts';
import { Feeds } from './feeds.ts';
import type { Log } from './log.ts';

const moment = () => ({ mono: Math.round(performance.now()), wall: Date.now() });

function start(t: TestContext, ...flags: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'feeds-'));
  const read = (...argv: readonly string[]) =>
    readOptions(['--host=web-1', `--spool.path=${folder}`, ...argv], {});
  const options = { ...read(...flags) };
  const addresses = new Map<string, string>();
  const info = (fields: { readonly address?: string }, message: string) =>
    void addresses.set(message, fields.address ?? '');
  // The cast leaves out pino's overloads and levels, of which these three are used.
  const log = { info, warn: () => {}, error: () => {} } as unknown as Log;
  const feeds = new Feeds({ options, log, paced: (ms) => ms, monotonic: () => moment().mono, now: Date.now });
  t.after(async () => {
    await feeds.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const addressOf = async (message: string): Promise<string> => {
    for (;;) {
      const address = addresses.get(message);
      addresses.delete(message);
      if (address !== undefined) return address;
      await delay(5);
    }
  };
  return { feeds, options, read, addressOf };
}

const put = async (address: string, job: string) =>
  await fetch(`http://${address}/metrics/job/${job}`, { method: 'PUT', body: 'y 1\n' });

const namesOf = (feeds: Feeds) =>
  feeds
    .take(moment())
    .map(({ source, layers }) => [
      source,
      ...layers.flat().flatMap(({ shape }) => shape.families.map(({ name }) => name)),
    ]);

const URLS = ['http://127.0.0.1:9/metrics'];

test('jobs that the reporter tells itself cannot be pushed', async (t) => {
  const { feeds, options, addressOf } = start(
    t,
    '--push.listen-address=127.0.0.1:0',
    '--statsd.listen-udp=127.0.0.1:0',
  );
  const targets = [
    { job: 'db', urls: URLS },
    { job: 'x', labels: { job: 'cache' }, urls: URLS },
  ];
  // As a reload does it.
  Object.assign(options, { targets });
  feeds.update();
  feeds.start();
  const address = await addressOf('applications can push');
  const statuses = ['node', 'statsd', 'db', 'cache', 'x'].map(
    async (job) => `${job} ${(await put(address, job)).status}`,
  );
  assert.deepEqual(await Promise.all(statuses), ['node 400', 'statsd 400', 'db 400', 'cache 400', 'x 200']);
});

test('a feed that is gone hands over once more what it has, and its address is free for the next', async (t) => {
  const { feeds, options, read, addressOf } = start(t, '--push.listen-address=127.0.0.1:0');
  feeds.start();
  const address = await addressOf('applications can push');
  assert.equal((await put(address, 'x')).status, 200);
  // Another one at the same address, since groups do not last as long any more.
  Object.assign(options, read(`--push.listen-address=${address}`, '--push.expire-after=1h'));
  feeds.update();
  assert.equal(await addressOf('applications can push'), address);
  assert.ok(namesOf(feeds)[0]?.includes('y'));
  assert.equal((await put(address, 'z')).status, 200);
  Object.assign(options, read());
  feeds.update();
  assert.deepEqual(feeds.own, []);
  assert.ok(namesOf(feeds)[0]?.includes('y'));
  assert.deepEqual(namesOf(feeds), []);
  await assert.rejects(async () => await put(address, 'z'));
});

test('a feed of which the options say the same goes on', async (t) => {
  const { feeds, options, read, addressOf } = start(t, '--push.listen-address=127.0.0.1:0');
  feeds.start();
  const address = await addressOf('applications can push');
  const { own } = feeds;
  Object.assign(options, read('--push.listen-address=127.0.0.1:0', '--interval=30s', '--no-collector.cpu'));
  feeds.update();
  assert.deepEqual(feeds.own, own);
  assert.equal((await put(address, 'x')).status, 200);
});

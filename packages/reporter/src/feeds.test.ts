import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOptions } from './config.ts';
import { createFeeds } from './feeds.ts';
import type { Log } from './log.ts';

test('jobs that the reporter tells itself cannot be pushed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'feeds-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const listening = Promise.withResolvers<string>();
  const info = (fields: { readonly address?: string }) => listening.resolve(fields.address ?? '');
  // The cast leaves out pino's overloads and levels, of which these three are used.
  const log = { info, warn: () => {}, error: () => {} } as unknown as Log;
  const flags = [
    '--push.listen-address=127.0.0.1:0',
    '--statsd.listen-udp=127.0.0.1:0',
    `--spool.path=${folder}`,
  ];
  const urls = ['http://127.0.0.1:9/metrics'];
  const targets = [
    { job: 'db', urls },
    { job: 'x', labels: { job: 'cache' }, urls },
  ];
  const [push] = createFeeds({
    options: { ...readOptions([...flags, '--host=web-1'], {}), targets },
    log,
    monotonic: () => 0,
    now: () => 0,
  });
  t.after(() => push?.stop());
  push?.start();
  const address = await listening.promise;
  const statuses = ['node', 'statsd', 'db', 'cache', 'x'].map(async (job) => {
    const response = await fetch(`http://${address}/metrics/job/${job}`, { method: 'PUT', body: 'y 1\n' });
    return `${job} ${response.status}`;
  });
  assert.deepEqual(await Promise.all(statuses), ['node 400', 'statsd 400', 'db 400', 'cache 400', 'x 200']);
});

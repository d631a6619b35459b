import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Collector } from './collector.ts';
import type { Feed } from './feed.ts';
import { lateFeed } from './late-feed.ts';
import { collectOnce } from './test-support.ts';

type Loaded = Feed & { readonly own: Collector };

const MOMENT = { mono: 0, wall: 0 };
const NO_LOG = { error: () => assert.fail() };

/** A feed that notes what is done with it. */
function notingFeed(done: string[]): Loaded {
  return {
    own: { name: 'noting', collect: () => void done.push('collect') },
    start: () => void done.push('start'),
    take: () => [[]],
    stop: async () => void done.push('stop'),
  };
}

test('it is loaded when it starts, and tells nothing before', async () => {
  const done: string[] = [];
  const loading = Promise.withResolvers<Loaded>();
  const feed = lateFeed('noting', () => loading.promise, NO_LOG);
  feed.start();
  await collectOnce(feed.own);
  assert.deepEqual(feed.take(MOMENT), []);
  loading.resolve(notingFeed(done));
  await loading.promise;
  assert.deepEqual(feed.take(MOMENT), [[]]);
  await collectOnce(feed.own);
  await feed.stop();
  assert.deepEqual(done, ['start', 'collect', 'stop']);
});

test('one that is stopped while it is loaded never starts', async () => {
  const done: string[] = [];
  const loading = Promise.withResolvers<Loaded>();
  const feed = lateFeed('noting', () => loading.promise, NO_LOG);
  feed.start();
  const stopped = feed.stop();
  loading.resolve(notingFeed(done));
  await stopped;
  assert.deepEqual(done, []);
  assert.deepEqual(feed.take(MOMENT), []);
});

test('one that cannot be loaded is told of, and tells nothing', async () => {
  const failures: object[] = [];
  const log = { error: (fields: object) => void failures.push(fields) };
  const feed = lateFeed('noting', () => Promise.reject(new Error('no such file')), log);
  feed.start();
  await feed.stop();
  assert.deepEqual(failures, [{ feed: 'noting', error: 'no such file' }]);
  assert.deepEqual(feed.take(MOMENT), []);
});

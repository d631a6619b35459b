import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createForget } from './forgetting.ts';
import { keepLog } from './wiring-test-support.ts';

function bench() {
  const done: string[] = [];
  let answer = () => {};
  const log = keepLog();
  const note = (what: string) => (host: string) => void done.push(`${what} ${host}`);
  const forget = createForget({
    ledger: {
      forget: (host) => {
        done.push(`ledger ${host}`);
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    },
    fleet: { forget: note('fleet') },
    scrapers: { leaving: (host) => (isGone) => void done.push(`scrapers ${host} ${isGone}`) },
    times: { delete: note('times') },
    log,
  });
  return { done, log, forget, answer: () => answer() };
}

test('a host goes from the fleet only when it is gone from the disk: what it had sent may still be on its way there', async () => {
  const { done, log, forget, answer } = bench();
  const forgetting = forget('web-1', 'it is gone');
  assert.deepEqual(done, ['ledger web-1']);
  answer();
  await forgetting;
  assert.deepEqual(done.slice(1), ['scrapers web-1 true', 'fleet web-1', 'times web-1']);
  assert.deepEqual(log.lines, ['info it is gone {"host":"web-1"}']);
  const wished = forget('web-2', 'it was deleted', 'ann (192.0.2.7)');
  answer();
  await wished;
  assert.equal(log.lines[1], 'info it was deleted {"host":"web-2","by":"ann (192.0.2.7)"}');
});

test('whoever asks for the same meanwhile waits for it, and asks the disk for nothing', async () => {
  const { done, log, forget, answer } = bench();
  const both = [forget('web-1', 'once'), forget('web-1', 'twice')];
  answer();
  await Promise.all(both);
  assert.equal(done.filter((what) => what === 'ledger web-1').length, 1);
  assert.equal(log.lines.length, 1);
  const again = forget('web-1', 'later');
  answer();
  await again;
  assert.equal(done.filter((what) => what === 'ledger web-1').length, 2);
});

test('a disk that refuses lets it stay', async () => {
  const done: unknown[] = [];
  const forget = createForget({
    ledger: { forget: () => Promise.reject(new Error('full')) },
    fleet: { forget: (host) => void done.push(host) },
    scrapers: { leaving: () => (isGone) => void done.push(isGone) },
    times: { delete: (host) => void done.push(host) },
    log: keepLog(),
  });
  await assert.rejects(forget('web-1', ''), /full/);
  assert.deepEqual(done, [false]);
});

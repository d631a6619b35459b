import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NoDataError } from './collector.ts';
import { collectOnce, FIXTURE_TIMEX, renderOnce, samplesOf } from './test-support.ts';
import { createTimexCollector, TIMEX_AGAIN_MS, TIMEX_EVERY_MS } from './timex.ts';
import { askTimex, parseTimex } from './timex-call.ts';

test('tells seconds, whether the kernel counts in nanoseconds or microseconds', async () => {
  const text = await renderOnce(createTimexCollector(() => 0, FIXTURE_TIMEX));
  const value = (name: string) => samplesOf(text, `node_timex_${name}`).map(Number)[0];
  assert.equal(value('offset_seconds'), -182_344e-9);
  assert.equal(value('sync_status'), 1);
  assert.equal(value('maxerror_seconds'), 0.0215);
  assert.equal(value('frequency_adjustment_ratio'), 1 + 1_437_591 / 65_536 / 1e6);
  assert.equal(value('tick_seconds'), 0.01);
  assert.equal(value('tai_offset_seconds'), 37);
  // TIME_ERROR, and a status without STA_NANO.
  const unsynchronized = () => Promise.resolve(`5 0 250 ${'0 '.repeat(3)}64 ${'0 '.repeat(15)}`);
  const other = await renderOnce(createTimexCollector(() => 0, unsynchronized));
  assert.deepEqual(samplesOf(other, 'node_timex_offset_seconds'), ['0.00025']);
  assert.deepEqual(samplesOf(other, 'node_timex_sync_status'), ['0']);
});

test('asks each five minutes, after a tick, and tells the last answer meanwhile', async () => {
  let now = 1_772_000_000_000;
  let asked = 0;
  const ask = () => {
    asked++;
    return FIXTURE_TIMEX();
  };
  const collector = createTimexCollector(() => now, ask);
  for (let i = 0; i < 3; i++) {
    assert.notEqual(await collectOnce(collector), null);
    now += TIMEX_EVERY_MS / 3 - 1;
  }
  assert.equal(asked, 1);
  now += TIMEX_EVERY_MS;
  await collectOnce(collector);
  await collectOnce(collector);
  assert.equal(asked, 1, 'no tick starts a process');
  while (asked < 2) await delay(20);
  await collectOnce(collector);
  assert.equal(asked, 2);
});

test('has no data where nothing can make the call, which is looked for once, and where the kernel refuses', async () => {
  let asked = 0;
  let now = 0;
  const none = createTimexCollector(
    () => now,
    () => {
      asked++;
      return Promise.resolve(null);
    },
  );
  await assert.rejects(collectOnce(none), NoDataError);
  now = 10 * TIMEX_EVERY_MS;
  await assert.rejects(collectOnce(none), NoDataError);
  await delay(600);
  assert.equal(asked, 1);
  const refused = createTimexCollector(
    () => 0,
    () => Promise.resolve('-1 0\n'),
  );
  await assert.rejects(collectOnce(refused), NoDataError);
});

test('asks again after a minute when it failed', async () => {
  let now = 0;
  let asked = 0;
  const collector = createTimexCollector(
    () => now,
    () => (++asked === 1 ? Promise.reject(new Error('took too long')) : FIXTURE_TIMEX()),
  );
  await assert.rejects(collectOnce(collector), /took too long/);
  now = TIMEX_AGAIN_MS;
  await assert.rejects(collectOnce(collector), /took too long/);
  while (asked < 2) await delay(20);
  await delay(1);
  assert.notEqual(await collectOnce(collector), null);
});

test('fails on what is no answer', async () => {
  const answers = ['', 'perl: command failed', `0 ${'x '.repeat(21)}`, '0 1 2 3'];
  for (const answer of answers) assert.throws(() => parseTimex(answer), /adjtimex/);
  const failing = createTimexCollector(
    () => 0,
    () => Promise.reject(new Error('killed')),
  );
  await assert.rejects(collectOnce(failing), /killed/);
});

test('the call is made on this very machine', { skip: process.platform !== 'linux' }, async () => {
  const text = await askTimex();
  // A host without an interpreter is one that tells no timex.
  if (text === null) return;
  const { tick, status } = parseTimex(text);
  assert.ok(tick > 9000 && tick < 11_000, text);
  assert.ok(status >= 0 && status < 65_536, text);
});

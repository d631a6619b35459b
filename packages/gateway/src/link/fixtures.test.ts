/** The frames of packages/shared/fixtures, as the gateway's end answers them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFixtures } from '@tributary/shared/test-support';
import { Bench } from './session-test-support.ts';
import { FakeClock } from './test-support.ts';

const kindOf = (text: string) => (JSON.parse(text) as { kind: string }).kind;

test('every bad frame ends the connection with its code, whenever it comes', () => {
  const bad = readFixtures('reporter').filter(({ error }) => error !== undefined);
  assert.ok(bad.length > 20);
  for (const { name, text, error } of bad) {
    for (const bench of [new Bench(), new Bench().open()]) {
      bench.frame(text);
      assert.equal(bench.refusal(), error?.code, name);
    }
  }
});

test('every good hello is asked for its stream, and no other frame may come first', () => {
  for (const { name, text, frame, error } of readFixtures('reporter')) {
    if (error !== undefined || frame === null) continue;
    const bench = new Bench();
    bench.frame(text);
    if (kindOf(text) === 'hello') assert.equal(bench.loads, 1, name);
    else if (kindOf(text) === 'bye') assert.ok(bench.session.closed, name);
    else assert.equal(bench.refusal(), 'BAD_FRAME', name);
  }
});

test('a frame whose content is at fault leaves the connection open', () => {
  const faulty = readFixtures('reporter').filter(({ fault }) => fault !== undefined);
  assert.ok(faulty.length > 5);
  for (const { name, text, fault } of faulty) {
    const bench = new Bench().open();
    const { kind, seq, at } = JSON.parse(text) as { kind: string; seq?: number; at?: number };
    if (kind === 'shape') {
      bench.frame(text);
      assert.equal(bench.session.closed, false, name);
      continue;
    }
    const met = new Bench(new FakeClock(at)).open(
      { next: (seq ?? 1) + 1 },
      { next: seq ?? 1, lastHash: 0, lastAt: 0, nextOffset: 1 },
    );
    met.frame(text);
    assert.equal(met.session.closed, false, name);
    const rejects = met.sent.flatMap((frame) => (frame.kind === 'reject' ? [frame] : []));
    assert.ok(
      rejects.some(({ code, group }) => code === fault?.code && group === fault.group),
      name,
    );
  }
});

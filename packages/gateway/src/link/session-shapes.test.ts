import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Labels } from '@tributary/shared/shape';
import { Bench } from './session-test-support.ts';
import { familyOf, gauges } from './test-support.ts';

describe('shapes', () => {
  test('said twice alike are one, with another content a conflict', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'));
    bench.shape(1, gauges('a'));
    assert.equal(bench.session.closed, false);
    bench.shape(1, gauges('b'));
    assert.equal(bench.refusal(), 'SHAPE_CONFLICT');
  });

  test('with a fault, too', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('1a'));
    bench.shape(1, gauges('1a'));
    assert.equal(bench.session.closed, false);
    bench.shape(1, gauges('a'));
    assert.equal(bench.refusal(), 'SHAPE_CONFLICT');
  });

  test('that claim to be another host are rejected with their batches', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'), { instance: 'web-2' });
    bench.batch(1, 1);
    assert.deepEqual(bench.events.slice(1), ['rejected web-1 INVALID_LABEL', 'dropped web-1 rejected 1']);
  });

  test('that have no instance are taken of every job but the host’s own', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'), { job: 'batch', instance: '' });
    bench.shape(2, gauges('a'), { job: 'batch' });
    bench.shape(3, gauges('a'), { instance: '' });
    bench.batch(1, 1, 2, 3);
    assert.deepEqual(bench.events.slice(1), ['rejected web-1 INVALID_LABEL', 'dropped web-1 rejected 1']);
  });

  test('that name the host’s own instance are those that name none', () => {
    const bench = new Bench().open();
    bench.shape(1, gauges('a'), { instance: 'web-1', env: 'x' });
    bench.shape(1, gauges('a'), { env: 'x' });
    assert.equal(bench.session.closed, false);
  });

  test('more series than a connection may declare', () => {
    const bench = new Bench().open();
    for (let id = 1; id <= 9 && !bench.session.closed; id++) {
      const series = Array.from({ length: 19_000 }, (_, i): [string, Labels] => ['', { i: `${id}-${i}` }]);
      bench.shape(id, [familyOf('a', 'gauge', ...series)]);
    }
    assert.equal(bench.refusal(), 'RATE');
  });

  test('more shapes than an epoch may have', () => {
    const bench = new Bench().open();
    for (let id = 1; id <= 4096; id++) bench.shape(id, []);
    assert.equal(bench.session.closed, false);
    bench.shape(4097, []);
    assert.equal(bench.refusal(), 'RATE');
  });
});

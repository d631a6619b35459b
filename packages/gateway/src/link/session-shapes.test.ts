import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Family, Labels } from '@tributary/shared/shape';
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

  test('that are cheap in series and dear in characters', () => {
    const bench = new Bench().open();
    const value = 'x'.repeat(2000);
    for (let id = 1; id <= 200 && !bench.session.closed; id++) {
      const series = Array.from({ length: 400 }, (_, i): [string, Labels] => [
        '',
        { i: `${id}-${i}`, value },
      ]);
      bench.shape(id, [familyOf('a', 'gauge', ...series)]);
    }
    assert.equal(bench.refusal(), 'RATE');
    assert.ok(bench.events.includes('limited web-1 declared_series'));
  });

  test('whatever limit they pass is named', () => {
    const labels = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));
    const series = Array.from({ length: 20_001 }, (_, i): [string, Labels] => ['', { i: `${i}` }]);
    const cases: readonly [string, readonly Family[], Labels?][] = [
      ['series', [familyOf('a', 'gauge', ...series)]],
      ['labels', [familyOf('a', 'gauge', ['', labels(65)])]],
      ['labels', [familyOf('a', 'gauge', ['', labels(62)])]],
      ['labels', gauges('a'), labels(65)],
      ['name_length', gauges('a'.repeat(257))],
      ['name_length', [familyOf('a', 'gauge', ['', { ['l'.repeat(257)]: 'x' }])]],
      ['name_length', gauges('a'), { ['l'.repeat(257)]: 'x' }],
      ['value_length', [familyOf('a', 'gauge', ['', { l: 'x'.repeat(2049) }])]],
      ['value_length', gauges('a'), { l: 'x'.repeat(2049) }],
      ['help_length', [{ ...familyOf('a', 'gauge'), help: 'x'.repeat(4097) }]],
    ];
    for (const [limit, families, target] of cases) {
      const bench = new Bench().open();
      bench.shape(1, families, target);
      bench.batch(1, 1);
      assert.ok(bench.events.includes(`limited web-1 ${limit}`), `${limit}: ${bench.events.join()}`);
      assert.equal(bench.session.closed, false);
    }
    const bench = new Bench().open();
    bench.shape(1, [familyOf('a', 'gauge', ['', { 'not a name': 'x' }])]);
    bench.batch(1, 1);
    assert.ok(!bench.events.some((event) => event.startsWith('limited')));
  });

  test('more shapes than an epoch may have', () => {
    const bench = new Bench().open();
    for (let id = 1; id <= 4096; id++) bench.shape(id, []);
    assert.equal(bench.session.closed, false);
    bench.shape(4097, []);
    assert.equal(bench.refusal(), 'RATE');
  });
});

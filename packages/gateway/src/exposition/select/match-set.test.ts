import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '@tributary/shared/shape';
import type { AdmittedShape } from '../../link/admission.ts';
import { family, shapeOf } from '../test-support.ts';
import { createMatchSet } from './match-set.ts';
import { parseSelector } from './selector.ts';

const setOf = (...selectors: readonly string[]) =>
  createMatchSet(selectors.map((text) => parseSelector(text)));

/** The lines that a host's exposition of the shape would have, by their prefixes. */
function shown(shape: AdmittedShape, host: string, ...selectors: readonly string[]): string[] {
  const hidden = setOf(...selectors).hiddenOf(shape, host);
  if (hidden === 'none') return [];
  return shape.families.flatMap(({ prefixes, indexes }) =>
    prefixes.filter((_, k) => hidden?.[indexes[k] ?? 0] !== 1),
  );
}

const cpu: Family = {
  name: 'cpu_seconds_total',
  type: 'counter',
  help: '',
  series: [
    ['', { cpu: '0', mode: 'idle' }],
    ['', { cpu: '0', mode: 'user' }],
    ['', { cpu: '1', mode: 'idle' }],
  ],
};
const plain = shapeOf([cpu, family('load1', 'gauge')], { env: 'prod', empty: '' });

test('by name, by own labels, and by both', () => {
  assert.deepEqual(shown(plain, 'a', 'load1'), ['load1{']);
  assert.deepEqual(shown(plain, 'a', '{cpu="1"}'), ['cpu_seconds_total{cpu="1",mode="idle",']);
  assert.deepEqual(shown(plain, 'a', '{mode="idle",cpu!="1"}'), ['cpu_seconds_total{cpu="0",mode="idle",']);
  assert.deepEqual(shown(plain, 'a', 'load1{cpu=""}'), ['load1{']);
  assert.deepEqual(shown(plain, 'a', 'load1{cpu!=""}'), []);
  assert.deepEqual(shown(plain, 'a', 'cpu_seconds'), []);
  assert.deepEqual(shown(plain, 'a', '{__name__=~"cpu_.*",mode!~"i.*"}'), [
    'cpu_seconds_total{cpu="0",mode="user",',
  ]);
});

test('the target has labels too, by default and static ones', () => {
  const all = shown(plain, 'web-1', '{__name__!=""}');
  assert.equal(all.length, 4);
  for (const selector of [
    '{job="node"}',
    '{env="prod"}',
    '{instance="web-1"}',
    '{host="web-1"}',
    '{host=~"web-.+",instance=~"web-.*",job!="db",env!=""}',
    '{job="node",empty=""}',
  ]) {
    assert.deepEqual(shown(plain, 'web-1', selector), all, selector);
  }
  for (const selector of ['{job="db"}', '{env="dev"}', '{host="web-2"}', '{instance="web"}', '{empty!=""}']) {
    assert.deepEqual(shown(plain, 'web-1', selector), [], selector);
  }
});

test('an empty instance is none', () => {
  const shape = shapeOf([family('a', 'gauge')], { job: 'batch', instance: '' });
  for (const selector of ['a{instance=""}', 'a{instance!="web-1"}', 'a{instance=~"|x"}'])
    assert.deepEqual(shown(shape, 'web-1', selector), ['a{'], selector);
  for (const selector of ['a{instance!=""}', 'a{instance="web-1"}', 'a{instance=~".+"}'])
    assert.deepEqual(shown(shape, 'web-1', selector), [], selector);
});

test('no value of a label is taken for the host', () => {
  for (const env of ['\n', '\u0001', 'host', 'h']) {
    const shape = shapeOf([family('a', 'gauge')], { env });
    assert.deepEqual(shown(shape, 'h', `{env=${JSON.stringify(env)}}`), ['a{'], env);
    assert.deepEqual(shown(shape, 'other', `{env=${JSON.stringify(env)}}`), ['a{'], env);
    assert.deepEqual(shown(shape, 'h', '{env="x"}'), [], env);
  }
});

test('names that the target has taken are found under their new ones, and inherited ones are no labels', () => {
  const shape = shapeOf(
    [
      family('a', 'gauge', '', { host: 'x', job: 'own', exported_job: 'mine', env: 'dev', constructor: 'c' }),
      family('b', 'gauge'),
    ],
    { job: 'db', instance: 'db:9100', env: 'prod', empty: '' },
  );
  const a = [
    'a{constructor="c",exported_env="dev",exported_exported_job="own",exported_host="x",exported_job="mine",',
  ];
  for (const selector of [
    '{exported_host="x"}',
    '{exported_env="dev"}',
    '{exported_exported_job="own"}',
    '{exported_job="mine"}',
    '{constructor="c"}',
  ]) {
    assert.deepEqual(shown(shape, 'h', selector), a, selector);
  }
  for (const selector of ['{host="x"}', '{env="dev"}', '{job="own"}', '{instance="h"}', '{toString!=""}']) {
    assert.deepEqual(shown(shape, 'h', selector), [], selector);
  }
  assert.equal(shown(shape, 'h', '{instance="db:9100",job="db",env="prod",host="h"}').length, 2);
});

test('values are compared as they are, however they are escaped', () => {
  const values = ['{a=', 'x,b=', 'q"', '\\', '\\"', 'n\n', '",b="', '\\n', ''];
  const shape = shapeOf([
    {
      name: 'm',
      type: 'gauge',
      help: '',
      series: values.map((value, i) => ['', { a: value, b: value, c: `${i}`, d: value }]),
    },
  ]);
  for (const [i, value] of values.entries()) {
    for (const label of ['a', 'b', 'd']) {
      const quoted = JSON.stringify(value);
      const expected = value === '' ? ['m{c="8",'] : shown(shape, 'h', `{c="${i}"}`);
      assert.deepEqual(shown(shape, 'h', `m{${label}=${quoted}}`), expected, `${label}=${quoted}`);
    }
  }
});

test('the lines of histograms, summaries and statesets are series of their own', () => {
  const shape = shapeOf([
    family('rpc', 'histogram', '', { method: 'get' }),
    family('size', 'summary'),
    family('state', 'stateset'),
  ]);
  assert.deepEqual(shown(shape, 'h', 'rpc_count', 'rpc_sum'), [
    'rpc_sum{method="get",',
    'rpc_count{method="get",',
  ]);
  assert.deepEqual(shown(shape, 'h', 'rpc'), []);
  assert.deepEqual(shown(shape, 'h', '{le="+Inf"}'), ['rpc_bucket{le="+Inf",method="get",']);
  assert.deepEqual(shown(shape, 'h', '{quantile!=""}'), ['size{quantile="0.5",']);
  assert.deepEqual(shown(shape, 'h', 'size'), ['size{quantile="0.5",']);
  assert.deepEqual(shown(shape, 'h', '{state="off"}'), ['state{state="off",']);
});

test('a set is the union of its selectors, each once, in one order', () => {
  assert.equal(
    setOf('up{b="1",a="2"}', 'down', '{a="2",b="1",__name__="up"}').text,
    'down or up{a="2",b="1"}',
  );
  assert.equal(shown(plain, 'h', 'load1', '{cpu="1"}').length, 2);
  assert.equal(setOf('load1', '{__name__!~"load1|"}').hiddenOf(plain, 'h'), null);
  assert.equal(setOf('load1', '{__name__!=""}').hiddenOf(plain, 'h'), null);
  assert.equal(setOf('load2', '{cpu="2"}').hiddenOf(plain, 'h'), 'none');
});

test('what no condition on the host tells apart is found once for all hosts', () => {
  const set = setOf('load1', 'cpu_seconds_total{host=~"web-.*",cpu="1"}', '{instance="db-1"}');
  const web = set.hiddenOf(plain, 'web-1');
  assert.deepEqual(web, Uint8Array.of(1, 1, 0, 0));
  for (let i = 0; i < 100; i++) assert.equal(set.hiddenOf(plain, `web-${i}`), web);
  const other = set.hiddenOf(plain, 'mail-1');
  assert.deepEqual(other, Uint8Array.of(1, 1, 1, 0));
  assert.equal(set.hiddenOf(plain, 'mail-2'), other);
  assert.equal(set.hiddenOf(plain, 'db-1'), null);
  set.release();
  assert.equal(set.hiddenOf(plain, 'web-7'), web);
  assert.deepEqual(setOf('load1', '{host="x"}').hiddenOf(plain, 'y'), Uint8Array.of(1, 1, 1, 0));
});

test('more ways to tell hosts apart than are remembered are found all the same', () => {
  const bits = Array.from({ length: 8 }, (_, i) => `load1{host=~"[01]{${i}}1[01]*"}`);
  const set = setOf(...bits);
  for (const round of [1, 2]) {
    for (let host = 0; host < 256; host++) {
      const name = host.toString(2).padStart(8, '0');
      const mask = set.hiddenOf(plain, name);
      if (host === 0) assert.equal(mask, 'none', `${round}`);
      else assert.deepEqual(mask, Uint8Array.of(1, 1, 1, 0), `${round} ${name}`);
    }
  }
});

test('series of our own', () => {
  const set = setOf('up{host="a"}', '{le="+Inf"}', 'tributary_gateway_hosts');
  assert.equal(set.takes('up', { host: 'a', job: 'node' }), true);
  assert.equal(set.takes('up', { host: 'b' }), false);
  assert.equal(set.takes('x_bucket', { le: '+Inf' }), true);
  assert.equal(set.takes('x_sum', {}), false);
  assert.equal(set.takes('tributary_gateway_hosts', {}), true);
  assert.equal(setOf('{constructor!=""}').takes('up', {}), false);
});

test('a shape without series has nothing to show', () => {
  const shape = shapeOf([{ name: 'a', type: 'gauge', help: '', series: [] }]);
  assert.equal(setOf('a').hiddenOf(shape, 'h'), 'none');
  assert.equal(setOf('{host="h"}').hiddenOf(shape, 'h'), 'none');
});

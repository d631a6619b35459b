import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family, Labels } from '@tributary/shared/shape';
import { type AdmittedFamily, admit, faultOfInstance } from './admission.ts';
import { familyOf, gauges } from './test-support.ts';

const KEY = { hash: 'h', body: 'b' };

function admitted(families: readonly Family[], labels: Labels = {}) {
  const { shape, fault } = admit({ labels, families }, KEY);
  assert.equal(fault, null, fault?.message);
  assert.ok(shape);
  return shape;
}

function onlyFamily(family: Family): AdmittedFamily {
  const [only] = admitted([family]).families;
  assert.ok(only);
  return only;
}

function faultOf(families: readonly Family[], labels: Labels = {}): string {
  const { fault } = admit({ labels, families }, KEY);
  assert.ok(fault, 'it was taken');
  return `${fault.code} ${fault.message}`;
}

test('a shape keeps its key, its labels and the length of its columns', () => {
  const shape = admitted([...gauges('a', 'b'), familyOf('c', 'gauge', ['', { x: '1' }], ['', { x: '2' }])], {
    env: 'prod',
  });
  assert.deepEqual([shape.hash, shape.body, shape.labels, shape.length], ['h', 'b', { env: 'prod' }, 4]);
  const [, , c] = shape.families;
  assert.deepEqual(c?.prefixes, ['c{x="1",', 'c{x="2",']);
  // Indexes go on over the families of a shape.
  assert.deepEqual([...(c?.indexes ?? [])], [2, 3]);
  assert.deepEqual([...(c?.starts ?? [])], [0, 1, 2]);
});

test('a histogram’s lines: buckets ascending, then sum, then count, metric by metric', () => {
  const family = onlyFamily(
    familyOf(
      'rpc',
      'histogram',
      ['_count', { code: 'a' }],
      ['_bucket', { code: 'a', le: '+Inf' }],
      ['_sum', { code: 'b' }],
      ['_bucket', { code: 'a', le: '10' }],
      ['_bucket', { code: 'a', le: '9' }],
      ['_bucket', { code: 'b', le: '+Inf' }],
      ['_sum', { code: 'a' }],
      ['_bucket', { code: 'a', le: '-Inf' }],
    ),
  );
  assert.deepEqual(family.prefixes, [
    'rpc_bucket{code="a",le="-Inf",',
    'rpc_bucket{code="a",le="9",',
    'rpc_bucket{code="a",le="10",',
    'rpc_bucket{code="a",le="+Inf",',
    'rpc_sum{code="a",',
    'rpc_count{code="a",',
    'rpc_bucket{code="b",le="+Inf",',
    'rpc_sum{code="b",',
  ]);
  assert.deepEqual([...family.indexes], [7, 4, 3, 1, 6, 0, 5, 2]);
  assert.deepEqual([...family.starts], [0, 6, 8]);
  assert.deepEqual(family.suffixes.slice(3, 6), ['_bucket', '_sum', '_count']);
  assert.equal(family.complete, true);
});

test('a histogram is complete only when every metric of it has its +Inf bucket', () => {
  const complete = (...series: Parameters<typeof familyOf>[2][]) =>
    onlyFamily(familyOf('h', 'histogram', ...series)).complete;
  assert.equal(complete(['_bucket', { le: '1' }], ['_bucket', { le: '+Inf' }]), true);
  assert.equal(complete(['_bucket', { le: '1' }], ['_sum', {}]), false);
  assert.equal(complete(['_bucket', { a: '1', le: '+Inf' }], ['_bucket', { a: '2', le: '1' }]), false);
  // A bucket at +Inf of another metric does not count, nor does a sum.
  assert.equal(complete(['_sum', {}], ['_count', {}]), false);
  assert.equal(onlyFamily(familyOf('s', 'summary', ['_sum', {}])).complete, true);
});

test('quantiles are ordered as numbers', () => {
  const series = ['0.99', '0.5', '0.9'].map((quantile): [string, Labels] => ['', { quantile }]);
  const { prefixes } = onlyFamily(familyOf('s', 'summary', ['_count', {}], ...series, ['_sum', {}]));
  assert.deepEqual(
    prefixes.map((prefix) => prefix.replace(/,$/, '')),
    ['s{quantile="0.5"', 's{quantile="0.9"', 's{quantile="0.99"', 's_sum{', 's_count{'],
  );
});

test('one series stands once, also where two ways lead to its name', () => {
  assert.match(
    faultOf([familyOf('a', 'gauge', ['', { x: '1' }], ['', { x: '1' }])]),
    /^DUPLICATE_SERIES a\{x="1"\} stands twice/,
  );
  assert.match(faultOf([familyOf('a', 'gauge', ['', { x: '' }], ['', {}])]), /^DUPLICATE_SERIES a\{\}? ?/);
  // Nor does an empty label that is the target's tell anything apart.
  for (const name of ['instance', 'job', 'host', 'env']) {
    const twins = [familyOf('a', 'gauge', ['', { [name]: '' }], ['', {}])];
    assert.match(faultOf(twins, { job: 'x', instance: '', env: '' }), /^DUPLICATE_SERIES/, name);
  }
  assert.match(
    faultOf([familyOf('a', 'gauge', ['', { job: '1' }], ['', { exported_job: '1' }])]),
    /^DUPLICATE_SERIES/,
  );
  assert.match(faultOf([familyOf('a', 'histogram', ['_sum', {}]), ...gauges('a_sum')]), /^DUPLICATE_SERIES/);
  assert.match(faultOf([...gauges('a'), ...gauges('a')]), /^DUPLICATE_SERIES "a": the family stands twice/);
  admitted([familyOf('a', 'gauge', ['', { x: '1' }], ['', { x: '2' }])]);
});

test('two spellings of one bound are one bucket', () => {
  const buckets = (...les: string[]) =>
    familyOf('a', 'histogram', ...les.map((le) => ['_bucket', { le }] as const));
  assert.match(
    faultOf([buckets('1', '1.0', '+Inf')]),
    /^DUPLICATE_SERIES a_bucket\{le="1(\.0)?"\} has the bound/,
  );
  admitted([buckets('1', '2', '+Inf')]);
});

test('names that are none, and the gateway’s own', () => {
  for (const name of ['', '1a', 'a-b', 'a b', 'é', 'a{']) {
    assert.match(faultOf(gauges(name)), /^INVALID_NAME .*not a metric name/, name);
  }
  assert.match(faultOf(gauges('x'.repeat(257))), /^INVALID_NAME .*longer than 256 characters/);
  assert.match(faultOf(gauges('tributary_host_up')), /^INVALID_NAME .*the gateway's own/);
  admitted(gauges('tributary_reporter_x', 'a:b', 'tributaryx', '_'));
});

test('target labels: what may be one', () => {
  for (const name of ['le', 'quantile', 'host', '__meta', '1a', 'a-b']) {
    assert.match(faultOf(gauges('a'), { [name]: 'x' }), /^INVALID_LABEL .*cannot be a target label/, name);
  }
  assert.match(faultOf(gauges('a'), { job: '' }), /^INVALID_LABEL shape.labels: job is empty/);
  assert.match(faultOf(gauges('a'), { env: 'a\0b' }), /^INVALID_LABEL .*has a NUL/);
  admitted(gauges('a'), { job: 'x', instance: 'y', env: '' });
  admitted(gauges('a'), { job: 'x', instance: '' });
});

test('help is kept as it is, but must be text', () => {
  assert.match(faultOf([{ ...familyOf('a', 'gauge'), help: 'bad \udc00' }]), /^INVALID_NAME .*well-formed/);
});

test('nobody may be another host’s node', () => {
  assert.equal(faultOfInstance({}, 'web-1'), null);
  assert.equal(faultOfInstance({ instance: 'web-1', job: 'node' }, 'web-1'), null);
  assert.equal(faultOfInstance({ instance: 'db:5432', job: 'db' }, 'web-1'), null);
  assert.equal(faultOfInstance({ instance: '', job: 'db' }, 'web-1'), null);
  assert.equal(faultOfInstance({ instance: 'web-2' }, 'web-1')?.code, 'INVALID_LABEL');
  for (const labels of [{ instance: '' }, { instance: '', job: 'node' }])
    assert.match(faultOfInstance(labels, 'web-1')?.message ?? '', /job "node" .*instance ""/);
  assert.match(
    faultOfInstance({ instance: 'web-2', job: 'node' }, 'web-1')?.message ?? '',
    /instance "web-2"/,
  );
});

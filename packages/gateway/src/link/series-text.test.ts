import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABEL_VALUE_CHARS_MAX, LABELS_MAX } from '@tributary/shared/limits';
import type { Labels, MetricType, Series } from '@tributary/shared/shape';
import { escapeLabelValue, type Line, targetLabel, targetText, writeSeries } from './series-text.ts';

const RESERVED = new Set(['host', 'instance', 'job', 'env']);

function write(type: MetricType, series: Series, name = 'm'): Line {
  const line = writeSeries({ name, type, help: '', series: [series] }, series, 0, RESERVED);
  assert.ok(!('code' in line), 'code' in line ? line.message : '');
  return line;
}

function faultOf(type: MetricType, series: Series, name = 'm'): string {
  const fault = writeSeries({ name, type, help: '', series: [series] }, series, 0, RESERVED);
  assert.ok('code' in fault, 'it was taken');
  return `${fault.code} ${fault.message}`;
}

test('own labels are sorted by name, whatever order they came in', () => {
  assert.equal(write('gauge', ['', { b: '2', a: '1', B: '3' }]).prefix, 'm{B="3",a="1",b="2",');
  assert.equal(write('gauge', ['', {}]).prefix, 'm{');
});

test('an empty value is no label', () => {
  assert.equal(write('gauge', ['', { a: '', b: '2', host: '' }]).prefix, 'm{b="2",');
});

test('a reserved name gets exported_ until it is free', () => {
  assert.equal(write('gauge', ['', { job: 'x', z: '1' }]).prefix, 'm{exported_job="x",z="1",');
  assert.equal(
    write('gauge', ['', { job: 'x', exported_job: 'y' }]).prefix,
    'm{exported_exported_job="x",exported_job="y",',
  );
  assert.equal(write('gauge', ['', { env: 'x', host: 'h' }]).prefix, 'm{exported_env="x",exported_host="h",');
  // An empty one takes no name from anybody.
  assert.equal(write('gauge', ['', { job: 'x', exported_job: '' }]).prefix, 'm{exported_job="x",');
});

test('values are escaped as both formats want it', () => {
  assert.equal(escapeLabelValue('plain'), 'plain');
  assert.equal(escapeLabelValue('a\\b"c\nd\\n'), 'a\\\\b\\"c\\nd\\\\n');
  assert.equal(write('gauge', ['', { path: 'C:\\"x"\n' }]).prefix, 'm{path="C:\\\\\\"x\\"\\n",');
});

test('the target: instance, job and host first, then the rest sorted, empty ones left out', () => {
  assert.equal(targetText({}, 'web-1'), 'instance="web-1",job="node",host="web-1"} ');
  assert.equal(
    targetText({ zone: 'a', job: 'db', env: '', instance: 'db:5432', dc: 'x"y' }, 'web-1'),
    'instance="db:5432",job="db",host="web-1",dc="x\\"y",zone="a"} ',
  );
});

test('no instance is an empty one in the text, so that nobody fills it in', () => {
  assert.equal(targetText({ job: 'db', instance: '' }, 'web-1'), 'instance="",job="db",host="web-1"} ');
  assert.equal(targetLabel({ job: 'db', instance: '' }, 'instance', 'web-1'), '');
  assert.equal(targetLabel({ job: 'db' }, 'instance', 'web-1'), 'web-1');
});

test('suffixes are those of the type', () => {
  assert.match(
    faultOf('gauge', ['_sum', {}]),
    /^INVALID_NAME "m": a gauge has no series with the suffix "_sum"/,
  );
  assert.match(faultOf('counter', ['_total', {}]), /^INVALID_NAME/);
  assert.match(faultOf('histogram', ['', { le: '1' }]), /^INVALID_NAME/);
  assert.match(faultOf('summary', ['_bucket', {}]), /^INVALID_NAME/);
  assert.equal(write('summary', ['_count', {}]).prefix, 'm_count{');
});

test('bounds and quantiles are numbers, and no part of the metric', () => {
  const { bound, metric, prefix } = write('histogram', ['_bucket', { le: '0.5', code: '200' }]);
  assert.deepEqual([bound, metric, prefix], [0.5, 'code="200",', 'm_bucket{code="200",le="0.5",']);
  assert.equal(write('histogram', ['_bucket', { le: '+Inf' }]).bound, Number.POSITIVE_INFINITY);
  assert.equal(write('histogram', ['_bucket', { le: '-Inf' }]).bound, Number.NEGATIVE_INFINITY);
  assert.equal(write('summary', ['', { quantile: '1e-3' }]).bound, 0.001);
  for (const le of ['', 'NaN', 'x', ' 1', '0x10', '1_0', 'Inf', 'Infinity', '1,5']) {
    assert.match(
      faultOf('histogram', ['_bucket', { le }]),
      /^INVALID_LABEL "m_bucket": label le is missing or is not a number/,
    );
  }
  assert.match(faultOf('histogram', ['_bucket', {}]), /label le is missing/);
  // Go's parser would read these as bounds, too, and fail the whole body.
  for (const suffix of ['_sum', '_count']) {
    assert.match(
      faultOf('histogram', [suffix, { le: '1' }]),
      /^INVALID_LABEL .*label le belongs to the lines/,
    );
    assert.match(faultOf('summary', [suffix, { quantile: 'x' }]), /label quantile belongs to the lines/);
    assert.equal(write('summary', [suffix, { le: 'x', quantile: '' }]).prefix, `m${suffix}{le="x",`);
  }
  assert.match(faultOf('summary', ['', {}]), /label quantile is missing/);
  for (const quantile of ['1.5', '-0.1', '+Inf', 'NaN']) {
    assert.match(
      faultOf('summary', ['', { quantile }]),
      /label quantile is missing or is not a number from 0 to 1/,
    );
  }
});

test('the state of a stateset stands in the label of its name', () => {
  assert.equal(write('stateset', ['', { mode: 'on', a: '1' }], 'mode').metric, 'a="1",');
  assert.match(
    faultOf('stateset', ['', { other: 'on' }], 'mode'),
    /INVALID_LABEL "mode": label mode is missing$/,
  );
  // Driven out by the target's label; the exposition shows such a family as unknown.
  assert.equal(write('stateset', ['', { env: 'on' }], 'env').prefix, 'env{exported_env="on",');
});

test('names and values that would break a scrape are refused', () => {
  for (const name of ['1a', 'a-b', '', 'a b', '__name__', '__a', 'a:b', 'é', 'a"']) {
    assert.match(faultOf('gauge', ['', { [name]: 'x' } as Labels]), /^INVALID_LABEL "m": label name/, name);
  }
  assert.match(faultOf('gauge', ['', { a: 'x'.repeat(LABEL_VALUE_CHARS_MAX + 1) }]), /is longer than/);
  assert.match(faultOf('gauge', ['', { a: '\ud800' }]), /is not well-formed/);
  assert.match(faultOf('gauge', ['', { a: 'x\0y' }]), /has a NUL/);
  write('gauge', ['', { a: 'x'.repeat(LABEL_VALUE_CHARS_MAX), b: 'é\u{1f600}\t\r' }]);
});

test('labels are counted with the target’s', () => {
  const labels = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));
  write('gauge', ['', labels(LABELS_MAX - RESERVED.size)]);
  assert.match(
    faultOf('gauge', ['', labels(LABELS_MAX - RESERVED.size + 1)]),
    /INVALID_LABEL "m": more than 64/,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesOf } from '../test-support.ts';
import { parseLine } from './parse-line.ts';
import { type SampleError, StatsdTable, type TableLimits } from './table.ts';

const LIMITS: TableLimits = {
  seriesMax: 20,
  charsMax: 1_000_000,
  membersMax: 4,
  memberCharsMax: 8,
  quietMs: 100,
};

class Lines {
  readonly errors: SampleError[] = [];
  readonly table: StatsdTable;
  now = 0;

  constructor(limits: Partial<TableLimits> = {}, target: readonly string[] = []) {
    this.table = new StatsdTable({
      bounds: [0.1, 1],
      target,
      onError: (reason) => this.errors.push(reason),
      limits: { ...LIMITS, ...limits },
    });
  }

  /** Each line as StatsD has it. */
  add(...lines: readonly string[]): this {
    for (const line of lines) {
      parseLine(line, {
        sample: (sample) => {
          const error = this.table.add(sample, this.now);
          if (error !== null) this.errors.push(error);
        },
        error: (reason) => assert.fail(`${line}: ${reason}`),
        tagError: () => assert.fail(line),
      });
    }
    return this;
  }

  shown(): string[] {
    const shown = seriesOf(this.table.chunks.columns({}));
    this.table.tick();
    assert.equal(shown.length, this.table.series);
    return shown;
  }
}

test('counters and histograms add up; gauges are set or moved', () => {
  const lines = new Lines();
  lines.add(
    'c:1|c',
    'c:2|c|@0.5',
    'c:5|c|#x:1',
    'g:5|g',
    'g:-2|g',
    'r:-2|g',
    't:50|ms',
    't:100|ms|@0.5',
    't:700:5000|ms',
  );
  const shown = [
    'c 5',
    'c{x=1} 5',
    'g 3',
    'r -2',
    't_bucket{le=0.1} 3',
    't_bucket{le=1} 4',
    't_bucket{le=+Inf} 5',
    't_sum 5.95',
    't_count 5',
  ];
  assert.deepEqual(lines.shown(), shown);
  assert.deepEqual(lines.shown(), shown);
  lines.add('g:1|g', 'c:1|c');
  assert.deepEqual(lines.shown().slice(0, 3), ['c 6', 'c{x=1} 5', 'g 1']);
});

test('a set tells how many different members an interval had', () => {
  const lines = new Lines();
  lines.add('s:a|s', 's:b|s', 's:a|s', 'u:c|s');
  assert.deepEqual(lines.shown(), ['s 2', 'u 1']);
  assert.deepEqual(lines.shown(), ['s 0', 'u 0']);
  lines.add('s:1|s', 's:2|s', 's:3|s', 'u:4|s', 'u:5|s', 's:1|s', 's:too long a one|s');
  assert.deepEqual(lines.errors, ['too_many_members', 'too_long']);
  assert.deepEqual(lines.shown(), ['s 3', 'u 1']);
});

test('a name has one type, and is no line of a histogram', () => {
  const lines = new Lines();
  lines.add(
    'a:1|c',
    'a:1|g',
    'a:1|g|#x:1',
    'a:1|ms',
    'h:1|h',
    'h:1|s',
    'h_count:1|c',
    'h_sum:1|g',
    'b_bucket:1|c',
    'b:1|ms',
    'c:-1|c',
  );
  assert.deepEqual(lines.errors, [
    'conflict',
    'conflict',
    'conflict',
    'conflict',
    'conflict',
    'conflict',
    'conflict',
    'illegal_negative_counter',
  ]);
  assert.deepEqual(
    lines.shown().filter((line) => !line.startsWith('h_')),
    ['a 1', 'b_bucket 1'],
  );
  // A name is free again once nothing of it is left.
  lines.now = 1;
  assert.equal(lines.table.expire(1, 1), lines.table.series + 7);
  lines.add('a:1|g', 'b:1|ms');
  assert.equal(lines.errors.length, 8);
});

test('reserved labels are renamed, those of the wire kept', () => {
  const lines = new Lines({}, ['job', 'env']);
  lines.add('a:1|c|#job:j,instance:i,host:h,env:e,z:1', 't:1|h|#le:1');
  assert.equal(
    lines.shown()[0],
    'a{exported_env=e,exported_host=h,exported_instance=i,exported_job=j,z=1} 1',
  );
  assert.equal(lines.shown()[1], 't_bucket{exported_le=1,le=0.1} 0');
});

test('tags that are the same once they are renamed are one series', () => {
  const lines = new Lines();
  lines.add('a:1|c|#host:h', 'a:1|c|#exported_host:h');
  assert.deepEqual(lines.shown(), ['a{exported_host=h} 2']);
});

test('what the wire does not carry is left out', () => {
  const lines = new Lines();
  const tags = (count: number) => Array.from({ length: count }, (_, i) => `t${i}:1`).join();
  lines.add(
    `${'n'.repeat(257)}:1|c`,
    `a:1|c|#x:${'v'.repeat(2049)}`,
    `a:1|c|#${'x'.repeat(257)}:1`,
    'a:1|c|#x:\0',
    `a:1|c|#${tags(61)}`,
    'tributary_reporter_x:1|c',
  );
  assert.deepEqual(lines.errors, [
    'too_long',
    'too_long',
    'too_long',
    'too_long',
    'too_many_tags',
    'reserved_name',
  ]);
  assert.deepEqual(lines.shown(), []);
  lines.add(`a:1|c|#${tags(60)}`, `${'n'.repeat(256)}:1|c`);
  assert.equal(lines.errors.length, 6);
});

test('a full table makes room from quiet series, once a tick, and else turns new ones away', () => {
  const lines = new Lines({ seriesMax: 6 });
  lines.add('a:1|c', 't:1|h');
  assert.equal(lines.table.series, 6);
  lines.add('b:1|c', 't:2|h', 'a:1|c');
  assert.deepEqual(lines.errors, ['too_many_series']);
  lines.now = 100;
  lines.add('a:1|c', 'b:1|c');
  assert.deepEqual(lines.errors, ['too_many_series', 'too_many_series']);
  lines.shown();
  // The histogram was last sent at 0, and keeps its place for as long as the gateway counts it.
  lines.now = 101;
  lines.add('b:1|c');
  assert.deepEqual(lines.shown(), ['a 3']);
  assert.equal(lines.errors.length, 3);
  lines.now = 300_101;
  lines.add('a:1|c', 'b:1|c');
  assert.deepEqual(lines.shown(), ['a 4', 'b 1']);
  assert.equal(lines.errors.length, 3);
});

test('what has left keeps its place if it was told, and can have it back', () => {
  const lines = new Lines({ seriesMax: 6 });
  lines.add('a:1|c', 't:1|h');
  lines.now = 10;
  assert.equal(lines.table.expire(10, 10), 6);
  lines.add('b:1|c', 't:1|h');
  lines.shown();
  lines.now = 20;
  assert.equal(lines.table.expire(20, 20), 6);
  lines.add('c:1|c');
  assert.deepEqual(lines.errors, ['too_many_series']);
  lines.shown();
  lines.add('t:1|h', 'b:1|c');
  assert.equal(lines.table.series, 6);
  // Gone again before a tick has told it, it is what it was.
  lines.now = 30;
  assert.equal(lines.table.expire(30, 30), 6);
  lines.add('c:1|c');
  assert.deepEqual(lines.errors, ['too_many_series', 'too_many_series']);
});

test('a new series restates the shape of its neighbours only', () => {
  const lines = new Lines({ seriesMax: 5000 });
  for (let i = 0; i < 1200; i++) lines.add(`c:1|c|#i:${i}`);
  const shapes = () => lines.table.chunks.columns({}).map(({ shape }) => shape);
  const before = shapes();
  assert.deepEqual(
    before.map(({ families }) => families[0]?.series.length),
    [500, 500, 200],
  );
  lines.add('c:1|c|#i:new');
  const after = shapes();
  assert.deepEqual(
    after.map((shape, i) => shape === before[i]),
    [true, true, false],
  );
  // Holes are filled before another shape is begun.
  lines.now = 10;
  for (let i = 0; i < 700; i++) lines.add(`c:1|c|#i:${i}`);
  lines.table.expire(10, 10);
  for (let i = 0; i < 250; i++) lines.add(`d:1|c|#i:${i}`);
  assert.deepEqual(
    shapes().map(({ families }) => families.map(({ series }) => series.length)),
    [[500], [200, 250]],
  );
});

test('few series with long tags are too many as well', () => {
  const long = (name: string) => `${name}:1|g|#t:${'x'.repeat(600)}`;
  const lines = new Lines({ charsMax: 1_000 }).add(long('a'), long('b'), 'c:1|g');
  assert.deepEqual(lines.errors, ['too_many_series']);
  assert.equal(lines.table.series, 2);
  lines.table.tick();
  lines.now = 200;
  lines.add(long('b'));
  assert.equal(lines.errors.length, 1, 'what was quiet gives way');
  assert.equal(lines.table.series, 1);
});

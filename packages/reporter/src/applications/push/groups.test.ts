import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Labels } from '@tributary/shared/shape';
import { parseText } from '../../collectors/exposition-text/parse-text.ts';
import { seriesOf } from '../test-support.ts';
import { inconsistencyOf } from './consistency.ts';
import { GROUP_LIMITS, Groups, type GroupsOptions } from './groups.ts';
import { PushError, type RefusalReason } from './push-error.ts';
import { targetOf } from './target.ts';

const START = 1_790_000_000_000;

class Pushes {
  readonly groups: Groups;
  now = START;

  constructor(options: Partial<GroupsOptions> = {}) {
    this.groups = new Groups({ host: 'web-1', statics: new Map(), takenJobs: ['node'], ...options });
  }

  post(labels: Labels, text: string, replace = false): void {
    this.now += 1000;
    const moment = { now: this.now, mono: this.now - START };
    this.groups.push(labels, parseText(text), replace, moment);
  }

  put(labels: Labels, text: string): void {
    this.post(labels, text, true);
  }

  refused(labels: Labels, text: string, reason: RefusalReason, message: RegExp): void {
    assert.throws(
      () => this.post(labels, text),
      (error: unknown) => {
        assert.ok(error instanceof PushError, String(error));
        assert.equal(error.reason, reason, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  }

  /** Every series but the two times, with all its labels. */
  shown(): string[] {
    return seriesOf(this.groups.columns()).filter((line) => !/^push_(failure_)?time/.test(line));
  }

  times(job: string): number[] {
    return seriesOf(this.groups.columns())
      .filter((line) => /^push_(failure_)?time/.test(line) && line.includes(`job=${job}`))
      .map((line) => (Number(line.split(' ').at(-1)) * 1000 - START) / 1000);
  }
}

test('PUT replaces a group, POST those of its families that it names', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, 'x 1\ny{l="1"} 1\ny{l="2"} 1\n');
  pushes.post({ job: 'a' }, 'y{l="3"} 2\nz 2\n');
  assert.deepEqual(pushes.shown(), ['x{job=a} 1', 'y{job=a,l=3} 2', 'z{job=a} 2']);
  pushes.put({ job: 'a' }, 'z 3\n');
  assert.deepEqual(pushes.shown(), ['z{job=a} 3']);
  pushes.put({ job: 'a' }, '');
  assert.deepEqual(pushes.shown(), []);
  assert.deepEqual(pushes.times('a'), [4, START / -1000]);
  assert.equal(pushes.groups.delete({ job: 'a' }, { mono: pushes.now - START }), true);
  assert.equal(pushes.groups.delete({ job: 'a' }, { mono: pushes.now - START }), false);
  assert.deepEqual(pushes.groups.columns(), []);
});

test('a group is its whole key', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, 'x 1\n');
  pushes.post({ job: 'a', instance: 'i' }, 'x 2\n');
  pushes.post({ instance: 'i', job: 'a' }, 'x 3\n');
  assert.equal(pushes.groups.size, 2);
  pushes.groups.delete({ job: 'a' }, { mono: pushes.now - START });
  assert.deepEqual(pushes.shown(), ['x{instance=i,job=a} 3']);
});

test('the path’s labels stand in for the body’s; an instance of a series’ own is left alone', () => {
  const pushes = new Pushes();
  pushes.post(
    { job: 'a', zone: 'z' },
    'x{job="b",zone="y",l="1",instance="q"} 1\nx 2\nx{instance="web-1",l="2"} 3\n',
  );
  assert.deepEqual(pushes.shown().sort(), [
    'x{instance=q,job=a,l=1,zone=z} 1',
    'x{job=a,l=2,zone=z} 3',
    'x{job=a,zone=z} 2',
  ]);
  pushes.put({ job: 'a', zone: 'z' }, 'x 2\n');
  assert.deepEqual(pushes.shown(), ['x{job=a,zone=z} 2']);
});

test('names that are the reporter’s own get exported_ before them', () => {
  const pushes = new Pushes({ statics: new Map([['env', 'prod']]) });
  pushes.post({ job: 'a', env: 'test', host: 'h' }, 'x{env="e",host="o",exported_env="f"} 1\n');
  // Both `env` and `host` are the path's, so what the body says of them is not heard.
  assert.deepEqual(pushes.shown(), [
    'x{env=prod,exported_env=test,exported_exported_env=f,exported_host=h,job=a} 1',
  ]);
  pushes.put({ job: 'b' }, 'x{env="e",host="o"} 1\n');
  assert.equal(pushes.shown().at(-1), 'x{env=prod,exported_env=e,exported_host=o,job=b} 1');
  pushes.refused({ job: 'c' }, 'x{host="o"} 1\nx{exported_host="o"} 1\n', 'inconsistent', /stands twice/);
});

test('an unchanged group keeps its shape, and a POST the order of its families', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, 'x 1\ny 1\n');
  const [first] = pushes.groups.columns();
  assert.equal(pushes.groups.columns()[0], first);
  pushes.post({ job: 'a' }, 'y 2\n');
  pushes.post({ job: 'a' }, 'x 2\n');
  const [second] = pushes.groups.columns();
  assert.notEqual(second, first);
  assert.equal(second?.shape, first?.shape);
  assert.deepEqual(pushes.shown(), ['x{job=a} 2', 'y{job=a} 2']);
});

test('a refused push changes nothing but the time of the last failure', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, '# TYPE x gauge\nx 1\n');
  pushes.refused({ job: 'a' }, 'x 1 1790000000000\n', 'timestamps', /must not have timestamps/);
  assert.deepEqual(pushes.shown(), ['x{job=a} 1']);
  assert.deepEqual(pushes.times('a'), [1, 2]);
  pushes.refused(
    { job: 'b' },
    '# TYPE x counter\nx 1\n',
    'inconsistent',
    /x is of type counter here and of type gauge in another/,
  );
  assert.deepEqual(pushes.times('b'), [START / -1000, 3]);
});

test('what does not go together is refused', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, '# TYPE s summary\ns_sum 1\ns_count 1\n');
  pushes.refused(
    { job: 'b' },
    's_count 1\n',
    'inconsistent',
    /s_count is the name of lines of the summary s/,
  );
  pushes.post({ job: 'b' }, 'h_bucket 1\n');
  pushes.refused(
    { job: 'c' },
    '# TYPE h histogram\nh_count 1\n',
    'inconsistent',
    /has lines of the name of another/,
  );
  pushes.post({ job: 'd' }, 'x{instance="q"} 1\nx{zone="z"} 1\n');
  pushes.refused(
    { job: 'd', instance: 'q' },
    'x 1\n',
    'inconsistent',
    /a series of x is in another group already/,
  );
  pushes.refused(
    { job: 'd', zone: 'z' },
    'x 1\n',
    'inconsistent',
    /a series of x is in another group already/,
  );
  pushes.post({ job: 'd', zone: 'z' }, 'x{more="1"} 1\n');
  pushes.refused(
    { job: 'd', instance: 'web-1' },
    'y 1\n',
    'inconsistent',
    /another group has the same labels/,
  );
  pushes.refused({ job: 'd', any: '' }, 'y 1\n', 'inconsistent', /another group has the same labels/);
  pushes.refused({ job: 'e' }, 'x{job="1"} 1\nx{job="2"} 1\n', 'inconsistent', /a series stands twice/);
});

test('a family may change its type with a push to its own group', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, '# TYPE x gauge\nx 1\n');
  pushes.post({ job: 'a' }, '# TYPE x counter\nx 2\n');
  assert.equal(pushes.groups.columns()[0]?.shape.families.find(({ name }) => name === 'x')?.type, 'counter');
});

test('histograms and summaries: one spelling of bounds, and a last bucket', () => {
  const pushes = new Pushes();
  pushes.post(
    { job: 'a' },
    '# TYPE h histogram\nh_bucket{le="1.0",a="1"} 1\nh_bucket{le="1000000"} 2\nh_count{a="1"} 3\nh_count 2\nh_bucket{le="inf"} 2\n',
  );
  assert.deepEqual(pushes.shown(), [
    'h_bucket{a=1,job=a,le=1} 1',
    'h_bucket{job=a,le=1e+06} 2',
    'h_count{a=1,job=a} 3',
    'h_count{job=a} 2',
    'h_bucket{job=a,le=+Inf} 2',
    'h_bucket{a=1,job=a,le=+Inf} 3',
  ]);
  pushes.refused(
    { job: 'b' },
    '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\n',
    'inconsistent',
    /twice/,
  );
  pushes.put({ job: 'a' }, '# TYPE h histogram\nh_bucket{le="1"} 1\nh_count{le="2"} 1\n');
  assert.deepEqual(pushes.shown(), [
    'h_bucket{job=a,le=1} 1',
    'h_count{job=a} 1',
    'h_bucket{job=a,le=+Inf} 1',
  ]);
  pushes.refused({ job: 'b' }, '# TYPE h histogram\nh_bucket 1\n', 'unfit', /label le is missing/);
  pushes.refused({ job: 'b' }, '# TYPE h histogram\nh_bucket{le="a"} 1\n', 'format', /a number was expected/);
  pushes.refused({ job: 'b' }, '# TYPE s summary\ns{quantile="1.5"} 1\n', 'format', /a number from 0 to 1/);
  pushes.refused({ job: 'b' }, '# TYPE s summary\ns 1\n', 'unfit', /label quantile is missing/);
});

test('what the gateway would turn away is refused here', () => {
  const pushes = new Pushes();
  pushes.refused({ job: 'node' }, 'x 1\n', 'reserved', /the job node is the reporter's own/);
  pushes.refused({ job: 'a' }, 'tributary_reporter_x 1\n', 'reserved', /Tributary's own/);
  pushes.refused({ job: 'a' }, 'x{y="\0"} 1\n', 'unfit', /NUL/);
  pushes.refused({ job: 'a' }, '# HELP x \0\nx 1\n', 'unfit', /NUL/);
  const labels = Array.from({ length: 62 }, (_, i) => `l${i}="1"`).join();
  pushes.refused({ job: 'a' }, `x{${labels}} 1\n`, 'unfit', /more than 64 labels/);
  const many = Object.fromEntries(Array.from({ length: 62 }, (_, i) => [`l${i}`, '1']));
  pushes.refused({ job: 'a', ...many }, '', 'path', /more labels than the 64/);
  for (const labels of [{ job: 'node' }, { job: 'a', ...many }])
    pushes.groups.noteFailure(labels, { now: 1, mono: 1 });
  assert.deepEqual(
    pushes.groups.all().map(({ labels }) => labels),
    [{ job: 'a' }],
  );
  pushes.post({ job: 'b' }, 'push_time_seconds 5\npush_failure_time_seconds 5\n');
  assert.equal(pushes.times('b')[1], START / -1000);
});

test('a name that is too long once it is renamed is refused', () => {
  const long = 'l'.repeat(250);
  const pushes = new Pushes({ statics: new Map([[long, '1']]) });
  pushes.refused({ job: 'a' }, `x{${long}="2"} 1\n`, 'unfit', /the label name .* is too long/);
  pushes.refused({ job: 'a', [long]: '2' }, '', 'path', /improper label name/);
});

test('series and groups are bounded', () => {
  const limits = { ...GROUP_LIMITS, groupSeriesMax: 5, seriesMax: 9, targetsMax: 3 };
  const pushes = new Pushes({ limits });
  pushes.post({ job: 'a' }, 'x{l="1"} 1\nx{l="2"} 1\nx{l="3"} 1\n');
  pushes.refused({ job: 'a' }, 'y 1\n', 'too_many_series', /the group would have 6 series, and may have 5/);
  pushes.post({ job: 'b' }, 'x{instance="i"} 1\n');
  assert.equal(pushes.groups.series, 8);
  // Neither group nor failure fits.
  pushes.refused({ job: 'c' }, '', 'too_many_series', /all groups together may have 1 more/);
  assert.equal(pushes.groups.size, 2);
  pushes.put({ job: 'a' }, '');
  pushes.refused({ job: 'c' }, '', 'too_many_groups', /delete those that are not needed/);
  pushes.put({ job: 'b' }, '');
  pushes.put({ job: 'c' }, '');
  assert.equal(pushes.groups.size, 3);
});

test('what was told keeps its place for five minutes, however it went', () => {
  const limits = { ...GROUP_LIMITS, seriesMax: 10 };
  const pushes = new Pushes({ limits });
  const waitFor = (ms: number) => {
    pushes.now += ms;
  };
  const mono = () => pushes.now - START;
  pushes.put({ job: 'a' }, 'x{l="1"} 1\nx{l="2"} 1\n');
  // Not told yet.
  pushes.put({ job: 'a' }, 'x{l="3"} 1\nx{l="4"} 1\n');
  pushes.shown();
  pushes.put({ job: 'a' }, 'x{l="4"} 1\nx{l="5"} 1\n');
  pushes.shown();
  pushes.put({ job: 'a' }, 'x{l="6"} 1\nx{l="7"} 1\n');
  pushes.shown();
  const why =
    /all groups together may have 5 more; 5 that were replaced or deleted keep their place for 5 minutes/;
  pushes.refused({ job: 'a' }, 'y{l="1"} 1\ny{l="2"} 1\nx 1\nz 1\n', 'too_many_series', why);
  // Those that come back are where they were.
  pushes.put({ job: 'a' }, 'x{l="3"} 1\nx{l="4"} 1\nx{l="5"} 1\nx{l="6"} 1\nx{l="7"} 1\n');
  pushes.put({ job: 'a' }, 'x{l="6"} 1\nx{l="7"} 1\n');
  pushes.refused({ job: 'b' }, 'x 1\ny 1\n', 'too_many_series', /may have 3 more; 3 that were/);
  waitFor(300_000);
  pushes.put({ job: 'b' }, 'x 1\ny 1\n');
  pushes.shown();
  pushes.groups.delete({ job: 'b' }, { mono: mono() });
  pushes.refused(
    { job: 'c' },
    'x 1\n',
    'too_many_series',
    /may have 2 more; 4 that were replaced or deleted/,
  );
  waitFor(300_000);
  pushes.put({ job: 'c' }, 'x 1\ny 1\n');
  pushes.shown();
  assert.equal(pushes.groups.expire(mono(), mono()), 1);
  assert.equal(pushes.groups.expire(mono() + 1, mono()), 1);
  pushes.refused({ job: 'd' }, 'x 1\n', 'too_many_series', /may have 2 more; 8 that were/);
});

test('a group that nobody pushes any more expires', () => {
  const pushes = new Pushes();
  pushes.post({ job: 'a' }, 'x 1\n');
  pushes.post({ job: 'b' }, 'x 1\n');
  pushes.post({ job: 'a' }, '');
  assert.equal(pushes.groups.expire(3000, 3000), 1);
  assert.deepEqual(pushes.shown(), ['x{job=a} 1']);
});

test('few series with long labels are too much as well', () => {
  const pushes = new Pushes({ limits: { ...GROUP_LIMITS, charsMax: 1_000 } });
  const long = (name: string) => `${name}{a="${'x'.repeat(500)}"} 1\n`;
  pushes.post({ job: 'a' }, long('x'));
  pushes.refused({ job: 'a' }, long('y'), 'too_much_text', /more than 1000 characters/);
  pushes.refused({ job: 'b' }, long('y'), 'too_much_text', /more than 1000 characters/);
  pushes.put({ job: 'a' }, long('y'));
  pushes.groups.delete({ job: 'a' }, { mono: pushes.now - START });
  pushes.post({ job: 'b' }, long('y'));
});

test('the series of a push are spelled out once, however many groups have a family of its name', () => {
  const { groups } = new Pushes();
  let spelled = 0;
  const family = {
    ...({ name: 'x', type: 'untyped', help: '', chars: 1 } as const),
    get samples() {
      spelled++;
      return [{ suffix: '', instance: '', labels: ['b', '1'], value: 1 }];
    },
  };
  const moment = { now: START, mono: 0 };
  for (let i = 0; i < 20; i++)
    groups.push({ job: 'a', [`l${i}`]: 'x' }, parseText(`x{i="${i}"} 1\n`), true, moment);
  const target = targetOf({ job: 'a' }, new Map(), 'web-1');
  assert.equal(inconsistencyOf([family], target, new Map(), groups.all()), null);
  assert.equal(spelled, 1);
});

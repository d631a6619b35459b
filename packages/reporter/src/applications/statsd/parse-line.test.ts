import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prometheusName } from './metric-name.ts';
import { parseLine } from './parse-line.ts';

/** What a line says: `TYPE NAME{tags} VALUE`, a sample or an error each. */
function read(line: string): string[] {
  const said: string[] = [];
  parseLine(line, {
    sample: ({ name, type, value, times, isRelative, member, labels }) => {
      const sign = isRelative ? ' relative' : '';
      const what = type === 'set' ? JSON.stringify(member) : value;
      said.push(`${type} ${name}{${labels.join()}} ${what}${times === 1 ? '' : ` x${times}`}${sign}`);
    },
    error: (reason) => said.push(`! ${reason}`),
    tagError: () => said.push('! tag'),
  });
  return said;
}

test('the types, and what their values mean', () => {
  assert.deepEqual(read('a.b:2|c'), ['counter a_b{} 2']);
  assert.deepEqual(read('a:3.5|g'), ['gauge a{} 3.5']);
  assert.deepEqual(read('a:+3|g'), ['gauge a{} 3 relative']);
  assert.deepEqual(read('a:-10|g'), ['gauge a{} -10 relative']);
  assert.deepEqual(read('a:200|ms'), ['observer a{} 0.2']);
  assert.deepEqual(read('a:200|h'), ['observer a{} 200']);
  assert.deepEqual(read('a:200|d'), ['observer a{} 200']);
  assert.deepEqual(read('a:user 7|s'), ['set a{} "user 7"']);
  assert.deepEqual(read(''), []);
});

test('sample rates', () => {
  assert.deepEqual(read('a:1|c|@0.1'), ['counter a{} 10']);
  assert.deepEqual(read('a:0.01|h|@0.2|#x:y'), ['observer a{x,y} 0.01 x5']);
  assert.deepEqual(read('a:3|g|@0.2'), ['gauge a{} 3']);
  for (const rate of ['', '0', '-1', '2', 'NaN', 'x', '1e-10'])
    assert.deepEqual(read(`a:1|c|@${rate}`), ['! invalid_sample_factor'], rate);
});

test('four kinds of tags', () => {
  const same = ['counter a{x,1,y,2} 5'];
  assert.deepEqual(read('a:5|c|#x:1,y:2'), same);
  assert.deepEqual(read('a:5|c|#y:2,#x:1'), same);
  assert.deepEqual(read('a,x=1,y=2:5|c'), same);
  assert.deepEqual(read('a#x=1,y=2:5|c'), same);
  assert.deepEqual(read('a[x=1,y=2]:5|c'), same);
  assert.deepEqual(read('[x=1,y=2]a:5|c'), same);
  assert.deepEqual(read('a.[x=1]b:5|c'), ['counter a_b{x,1} 5']);
  assert.deepEqual(read('a:5|c|#x:1:2'), ['counter a{x,1:2} 5']);
  assert.deepEqual(read('a:5|c|#09d:0,t.d-x:1'), ['counter a{_09d,0,t_d_x,1} 5']);
  assert.deepEqual(read('a:5|c|@0.5|#x:1|c:abc|T1656581400'), ['counter a{container_id,abc,x,1} 10']);
});

test('tags that cannot be read are left out', () => {
  assert.deepEqual(read('a:5|c|#x'), ['! tag', 'counter a{} 5']);
  assert.deepEqual(read('a:5|c|#x:,:y,z:1'), ['! tag', '! tag', 'counter a{z,1} 5']);
  assert.deepEqual(read('a:5|c|#z:1,,'), ['! tag', 'counter a{z,1} 5']);
  assert.deepEqual(read('a:5|c|#__x:1'), ['! tag', 'counter a{} 5']);
  assert.deepEqual(read('a[x=1:5|c'), ['! tag', 'counter a_x_1{} 5']);
});

test('several values of one name', () => {
  assert.deepEqual(read('a:1|c:2|c|@0.5'), ['counter a{} 1', 'counter a{} 4']);
  assert.deepEqual(read('a:1:2:3000|ms|@0.5|#x:y'), [
    'observer a{x,y} 0.001 x2',
    'observer a{x,y} 0.002 x2',
    'observer a{x,y} 3 x2',
  ]);
  assert.deepEqual(read('a:1:2|c'), ['! invalid_extended_aggregate_type']);
  assert.deepEqual(read('a:1:x:3|h'), ['observer a{} 1', '! malformed_value', 'observer a{} 3']);
});

test('lines that cannot be used', () => {
  const lines: Record<string, string> = {
    a: 'malformed_line',
    ':1|c': 'malformed_line',
    '[x=1]:1|c': 'malformed_line',
    'a:1': 'not_enough_parts_after_colon',
    'a:1|': 'illegal_event',
    'a:1|x': 'illegal_event',
    'a:1|constructor': 'illegal_event',
    'a:1|c|': 'malformed_component',
    'a:1|c|@1|@1|@1|@1|@1|@1|@1': 'malformed_component',
    'a:|c': 'malformed_value',
    'a:x|c': 'malformed_value',
    'a:NaN|g': 'malformed_value',
    'a:1e999|g': 'malformed_value',
    'a:1e308|c|@0.001': 'malformed_value',
    'a:0x10|c': 'malformed_value',
    'a:1|c|x': 'invalid_sample_factor',
    'a:1|c|#x:1|c:': 'malformed_container_id',
    'a:1|c|Tx': 'malformed_timestamp',
    'a,x=1:1|c|#y:2': 'mixed_tagging_styles',
    '_e{5,4}:title|text': 'no_metric',
    '_sc|name|0': 'no_metric',
  };
  for (const [line, reason] of Object.entries(lines)) assert.deepEqual(read(line), [`! ${reason}`], line);
});

test('names are made legal as statsd_exporter makes them', () => {
  const names: Record<string, string> = {
    'a.b-c d': 'a_b_c_d',
    'a--b---c': 'a_b_c',
    '1a': '_1a',
    'é/x:y': '__x_y',
    𝒳: '_',
    aZ_9: 'aZ_9',
  };
  for (const [given, legal] of Object.entries(names)) assert.equal(prometheusName(given), legal, given);
});

test('whatever comes is a sample or an error', () => {
  let state = 99;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const pieces = [
    'a',
    ':',
    '|',
    'c',
    'ms',
    'g',
    '#',
    '@',
    ',',
    '=',
    '[',
    ']',
    '1',
    '-',
    '+',
    '0.1',
    's',
    'T',
    '_e{',
  ];
  for (let i = 0; i < 20_000; i++) {
    let line = '';
    for (let length = next(16); length > 0; length--) line += pieces[next(pieces.length)];
    const said = read(line);
    if (line !== '') assert.notEqual(said.length, 0, line);
    for (const text of said)
      assert.match(text, /^! |^(counter|gauge|observer|set) [a-zA-Z_][a-zA-Z0-9_]*\{/, line);
  }
});

test('what the samples of a line have in common is read once', () => {
  assert.deepEqual(read('a:1:2|ms|#bad,b:c'), ['! tag', 'observer a{b,c} 0.001', 'observer a{b,c} 0.002']);
  // A packet has room for thousands of values and of tags: to read each with each would hold up everything for a minute.
  const labels = new Set<readonly string[]>();
  const sink = { sample: (sample: { labels: readonly string[] }) => labels.add(sample.labels) };
  for (const line of ['a:1:2:3|ms|#b:c,d:e', 'a,b=c,d=e:1|c:2|g:3|ms'])
    parseLine(line, { ...sink, error: assert.fail, tagError: assert.fail });
  assert.equal(labels.size, 2);
});

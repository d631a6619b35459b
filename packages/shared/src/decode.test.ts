import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReporterFrame } from './decode.ts';
import { RefuseError } from './errors.ts';
import type { Batch, Group, Hello } from './frames.ts';
import {
  DEFAULT_LIMITS,
  GAPS_PER_HELLO_MAX,
  GROUPS_PER_BATCH_MAX,
  HOST_CHARS_MAX,
  TEXT_CHARS_MAX,
} from './limits.ts';
import { readFixtures, toFixtureFrame } from './test-support.ts';

const SERIES_MAX = DEFAULT_LIMITS.seriesMax;
const decode = (frame: unknown, seriesMax = SERIES_MAX) =>
  decodeReporterFrame(typeof frame === 'string' ? frame : JSON.stringify(frame), seriesMax);

const HELLO = { kind: 'hello', host: 'web-1', epoch: 'e1', run: 'r1', next: 43, clock: 1_795_330_306_556 };
const GAP = { from: 3, to: 9, fromAt: 1, toAt: 2, reason: 'spool_full' };
const SHAPE = { kind: 'shape', id: 1, families: [{ name: 'x', type: 'gauge', series: [['', {}]] }] };
const BATCH = { kind: 'batch', seq: 1, at: 1000, groups: [{ shape: 7, values: [1, null] }] };
const SKIP = { kind: 'skip', from: 1, to: 2 };

/** Asserts that a frame ends its connection, with a message that says what is wrong. */
function assertBad(frame: unknown, message: string | RegExp): void {
  assert.throws(
    () => decode(frame),
    (error: unknown) => {
      assert.ok(error instanceof RefuseError, String(error));
      assert.equal(error.code, 'BAD_FRAME');
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );
}

function onlyGroup(frame: unknown, seriesMax?: number): Group {
  const { groups } = decode(frame, seriesMax) as Batch;
  assert.equal(groups.length, 1);
  return groups[0] as Group;
}

test('every good frame of the fixtures decodes to what they say', () => {
  for (const { name, text, frame, fault } of readFixtures('reporter')) {
    if (frame === undefined || frame === null) continue;
    assert.equal(fault, undefined, name);
    assert.deepEqual(toFixtureFrame(decode(text)), frame, name);
  }
});

test('every bad frame of the fixtures is refused with the message that they give', () => {
  for (const { name, text, error } of readFixtures('reporter')) {
    if (error === undefined) continue;
    assert.equal(error.code, 'BAD_FRAME', name);
    // Behind "not JSON" the parser goes on in words of its own, which are another version's to change.
    if (error.message === 'the frame is not JSON') assertBad(text, /^the frame is not JSON: ./);
    else assertBad(text, error.message);
  }
});

test('every faulty frame of the fixtures keeps its fault to itself', () => {
  for (const { name, text, fault } of readFixtures('reporter')) {
    if (fault === undefined) continue;
    const { group: at, ...expected } = fault;
    const frame = decode(text);
    if (frame.kind === 'shape') {
      assert.deepEqual(frame, { kind: 'shape', id: 1, shape: null, fault: expected }, name);
      continue;
    }
    assert.equal(frame.kind, 'batch', name);
    for (const [i, group] of (frame as Batch).groups.entries()) {
      assert.deepEqual(group.fault, i === at ? expected : null, name);
      assert.equal(group.column === null, i === at, name);
    }
  }
});

test('the fixtures show every kind, and each rule once', () => {
  const fixtures = readFixtures('reporter');
  assert.equal(new Set(fixtures.map(({ name }) => name)).size, fixtures.length);
  for (const { name, frame, error, fault } of fixtures) {
    assert.equal([frame, error, fault].filter((outcome) => outcome !== undefined).length, 1, name);
  }
  const kinds = new Set(
    fixtures.flatMap(({ frame }) => (frame as { kind?: string } | undefined)?.kind ?? []),
  );
  assert.deepEqual([...kinds].sort(), ['batch', 'bye', 'hello', 'shape', 'skip']);
});

/** Where each field stands, which values it must not have, and whether it must be there. */
const FIELDS: [
  path: string,
  frame: object,
  kind: 'integer' | 'text' | 'object' | 'array',
  required: boolean,
][] = [
  ['host', HELLO, 'text', true],
  ['epoch', HELLO, 'text', true],
  ['run', HELLO, 'text', true],
  ['oldest', HELLO, 'integer', false],
  ['acked', HELLO, 'integer', false],
  ['delivered', HELLO, 'integer', false],
  ['next', HELLO, 'integer', true],
  ['clock', HELLO, 'integer', true],
  ['agent', HELLO, 'text', false],
  ['os', HELLO, 'text', false],
  ['gaps', HELLO, 'array', false],
  ['gaps.0', { ...HELLO, gaps: [GAP] }, 'object', true],
  ['gaps.0.from', { ...HELLO, gaps: [GAP] }, 'integer', true],
  ['gaps.0.to', { ...HELLO, gaps: [GAP] }, 'integer', true],
  ['gaps.0.fromAt', { ...HELLO, gaps: [GAP] }, 'integer', true],
  ['gaps.0.toAt', { ...HELLO, gaps: [GAP] }, 'integer', true],
  ['gaps.0.reason', { ...HELLO, gaps: [GAP] }, 'text', true],
  ['id', SHAPE, 'integer', true],
  ['labels', SHAPE, 'object', false],
  ['families', SHAPE, 'array', true],
  ['families.0', SHAPE, 'object', true],
  ['families.0.name', SHAPE, 'text', true],
  ['families.0.type', SHAPE, 'text', false],
  ['families.0.help', SHAPE, 'text', false],
  ['families.0.series', SHAPE, 'array', true],
  ['families.0.series.0', SHAPE, 'array', true],
  ['families.0.series.0.0', SHAPE, 'text', true],
  ['families.0.series.0.1', SHAPE, 'object', false],
  ['seq', BATCH, 'integer', true],
  ['at', BATCH, 'integer', true],
  ['groups', BATCH, 'array', true],
  ['groups.0', BATCH, 'object', true],
  ['groups.0.shape', BATCH, 'integer', true],
  ['groups.0.at', BATCH, 'integer', false],
  ['groups.0.values', BATCH, 'array', true],
  ['from', SKIP, 'integer', true],
  ['to', SKIP, 'integer', true],
  ['reason', SKIP, 'text', false],
  ['reason', { kind: 'bye' }, 'text', false],
];

/** JSON of each type; an integer's also those that are numbers and yet none. */
const WRONG = {
  integer: ['"1"', 'true', '[]', '[1]', '{}', '0.5', '-1', '-1e999', '1e999', '9007199254740992'],
  text: ['0', '1', 'false', '[]', '["a"]', '{}'],
  object: ['0', '"a"', 'true', '[]'],
  array: ['0', '"a"', 'true', '{}', '{"length":0}'],
} as const;

/** The frame's text with something else at a path; undefined takes the field out. */
function withAt(frame: object, path: string, json: string | undefined): string {
  const copy = structuredClone(frame);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let node = copy as Record<string, unknown>;
  for (const key of keys) node = node[key] as Record<string, unknown>;
  if (json === undefined) delete node[last];
  else node[last] = '\u0001';
  return JSON.stringify(copy).replace('"\\u0001"', json ?? '');
}

test('a field of the wrong type ends the connection, wherever it stands', () => {
  for (const [path, frame, kind] of FIELDS) {
    for (const json of WRONG[kind]) {
      const text = withAt(frame, path, json);
      assert.throws(() => decode(text), { code: 'BAD_FRAME' }, `${text}: ${path}`);
    }
  }
});

test('null is the wrong type for a field that must be there, and no field where it need not', () => {
  for (const [path, frame, , required] of FIELDS) {
    const text = withAt(frame, path, 'null');
    if (required) assert.throws(() => decode(text), { code: 'BAD_FRAME' }, text);
    else assert.deepEqual(decode(text), decode(withAt(frame, path, undefined)), text);
  }
});

test('a message names the field at fault', () => {
  assertBad(withAt(BATCH, 'groups.0.shape', '0'), /^groups\[0\]\.shape is 0: /);
  assertBad(withAt(SHAPE, 'families.0.series.0.0', '3'), /^families\[0\]\.series\[0\]\[0\] is 3: /);
  assertBad(withAt({ ...HELLO, gaps: [GAP] }, 'gaps.0.to', 'null'), /^hello\.gaps\[0\]\.to is null: /);
});

test('a host has 1 to 253 characters', () => {
  const host = 'h'.repeat(HOST_CHARS_MAX);
  assert.equal((decode({ ...HELLO, host }) as Hello).host, host);
  assertBad({ ...HELLO, host: `${host}h` }, 'hello.host has 254 characters: at most 253 are taken');
});

test('epoch and run have 1 to 64 characters', () => {
  const id = 'a'.repeat(64);
  assert.equal((decode({ ...HELLO, epoch: id, run: id }) as Hello).run, id);
  assertBad({ ...HELLO, run: `${id}a` }, /^hello\.run is "a{40}…": 1 to 64 letters/);
});

test('free text has at most 512 characters', () => {
  const text = 'x'.repeat(TEXT_CHARS_MAX);
  const long = `${text}x`;
  assert.equal((decode({ ...HELLO, agent: text, os: text }) as Hello).os, text);
  assertBad({ ...HELLO, agent: long }, 'hello.agent has 513 characters: at most 512 are taken');
  assertBad({ ...HELLO, os: long }, /^hello\.os has 513 /);
  assertBad({ ...HELLO, gaps: [{ ...GAP, reason: long }] }, /^hello\.gaps\[0\]\.reason has 513 /);
  assertBad({ ...SKIP, reason: long }, /^skip\.reason has 513 /);
  assertBad({ kind: 'bye', reason: long }, /^bye\.reason has 513 /);
});

test('a hello tells at most 1,024 gaps', () => {
  const gaps = Array.from({ length: GAPS_PER_HELLO_MAX + 1 }, (_, i) => ({ ...GAP, from: i + 1, to: i + 1 }));
  const hello = decode({ ...HELLO, next: 5000, gaps: gaps.slice(1) }) as Hello;
  assert.equal(hello.gaps.length, GAPS_PER_HELLO_MAX);
  assertBad({ ...HELLO, next: 5000, gaps }, 'hello.gaps has 1025 items: at most 1024 are taken');
});

test('a batch has at most 1,024 groups', () => {
  const groups = Array.from({ length: GROUPS_PER_BATCH_MAX + 1 }, (_, i) => ({ shape: i + 1, values: [] }));
  assert.equal((decode({ ...BATCH, groups: groups.slice(1) }) as Batch).groups.length, GROUPS_PER_BATCH_MAX);
  assertBad({ ...BATCH, groups }, 'batch.groups has 1025 items: at most 1024 are taken');
});

test('a column longer than a host may have series is a fault, and is not looked at', () => {
  const frame = (values: unknown[]) => ({ ...BATCH, groups: [{ shape: 7, values }] });
  assert.equal(onlyGroup(frame([1, 2, 3]), 3).column?.values.length, 3);
  assert.deepEqual(onlyGroup(frame([1, 2, 3, 'four']), 3), {
    shape: 7,
    at: 1000,
    column: null,
    fault: {
      code: 'TOO_MANY_SERIES',
      message: 'groups[0] has 4 values: at most 3 are taken',
      limit: 'series',
    },
  });
});

test('a column has a place for every value, and a list of the absent ones only when there are any', () => {
  const frame = (values: unknown[]) => ({ ...BATCH, groups: [{ shape: 7, values }] });
  assert.equal(onlyGroup(frame([1, 'NaN'])).column?.absent, null);
  const { column } = onlyGroup(frame([null, 0, null]));
  assert.deepEqual(column?.absent, Uint8Array.of(1, 0, 1));
  assert.equal(column?.values.length, 3);
});

test('the sign of a zero is kept in a value and lost in a whole number', () => {
  const frame = '{"kind":"batch","seq":1,"at":-0,"groups":[{"shape":1,"at":-0,"values":[-0]}]}';
  const { at, column } = onlyGroup(frame);
  assert.ok(Object.is(at, 0));
  assert.ok(Object.is(column?.values[0], -0));
});

test('no frame touches the prototype that all objects share', () => {
  // Object.prototype has no index signature, and any key of it is what this is about.
  const polluted = Object.prototype as unknown as Record<string, unknown>;
  const before = Reflect.ownKeys(polluted);
  for (const { text } of readFixtures('reporter')) {
    try {
      decode(text);
    } catch {}
  }
  assert.deepEqual(Reflect.ownKeys(polluted), before);
});

test('nesting of any depth is read, and refused where it means something', () => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(decode(`{"kind":"bye","x":${deep(100_000)}}`).kind, 'bye');
  assertBad(deep(100_000), 'the frame is an array: an object is needed');
  assert.equal(onlyGroup(withAt(BATCH, 'groups.0.values', deep(100_000))).fault?.code, 'INVALID_VALUE');
});

test('a message never quotes more than a little of what came', () => {
  const long = '\u001b'.repeat(500_000);
  const frames = [
    long,
    { kind: long },
    { ...HELLO, host: long },
    { ...HELLO, host: long.slice(0, HOST_CHARS_MAX) },
    { ...HELLO, epoch: long },
    { ...HELLO, next: long },
    { ...SHAPE, labels: { [long]: 1 } },
    { ...SHAPE, families: [long] },
  ];
  for (const frame of frames) assertBad(frame, /^.{1,600}$/u);
  const { fault } = onlyGroup({ ...BATCH, groups: [{ shape: 1, values: [long] }] });
  assert.ok((fault?.message.length ?? 0) < 400);
});

test('a message about broken JSON is well-formed and shows what cannot be seen', () => {
  assertBad('😀', /\\ud83d/);
  assertBad('\u009b', /\\u009b/);
  for (const text of ['😀', '{"a":😀', '[\ud83d', '\u0000', '\u202e{}']) {
    try {
      decode(text);
      assert.fail('it was read');
    } catch (error) {
      const { message } = error as RefuseError;
      assert.ok(message.isWellFormed() && !/[\p{Cc}\p{Cf}]/u.test(message), JSON.stringify(message));
    }
  }
});

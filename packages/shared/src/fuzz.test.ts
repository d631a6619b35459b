/**
 * Broken frames by the thousand. Whatever comes, a decoder gives a frame that keeps every invariant, or a bounded
 * `BAD_FRAME`; nothing else, ever.
 *
 *   TRIBUTARY_FUZZ_SEED=7              another run, or again the one that failed
 *   TRIBUTARY_FUZZ_FRAMES=5000000      a longer one; a million with TRIBUTARY_LONG=1
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReporterFrame } from './decode.ts';
import { decodeGatewayFrame } from './decode-gateway.ts';
import { type Fault, isRejectCode, RefuseError } from './errors.ts';
import type { Batch, GatewayFrame, Hello, ReporterFrame, ShapeFrame } from './frames.ts';
import { breakBytes, breakFrame, changeLeaf } from './fuzz-test-support.ts';
import * as limits from './limits.ts';
import { isHostName } from './names.ts';
import { type Random, randomOf } from './random.ts';
import { METRIC_TYPES, seriesCount } from './shape.ts';
import { encodeGatewayFrame, encodeReporterFrame, readFixtures } from './test-support.ts';

const SEED = Number(process.env['TRIBUTARY_FUZZ_SEED'] ?? 20_260_101);
const IS_LONG = process.env['TRIBUTARY_LONG'] === '1';
const FRAMES = Number(process.env['TRIBUTARY_FUZZ_FRAMES'] ?? (IS_LONG ? 1_000_000 : 50_000));
/** Low, so that broken frames pass it. */
const SERIES_MAX = 50;
const MESSAGE_MAX = 1000;

const isSeq = (value: number, min = 1) => Number.isInteger(value) && value >= min && value <= limits.SEQ_MAX;
const isTime = (value: number) => Number.isInteger(value) && value >= 0 && value <= limits.TIME_MS_MAX;
const isText = (text: string, max: number = limits.TEXT_CHARS_MAX) =>
  typeof text === 'string' && text.length <= max && text.isWellFormed() && !text.includes('\0');
const isIdentifier = (text: string) => /^[A-Za-z0-9._-]{1,64}$/.test(text);

function checkFault(fault: Fault): void {
  assert.ok(isRejectCode(fault.code));
  assert.ok(isText(fault.message, MESSAGE_MAX));
}

function checkHello(hello: Hello): void {
  const { host, epoch, run, oldest, acked, delivered, next, clock, gaps, agent, os } = hello;
  assert.ok(isHostName(host) && isIdentifier(epoch) && isIdentifier(run));
  assert.ok(isSeq(next) && isSeq(oldest) && isSeq(acked, 0) && isSeq(delivered, 0));
  assert.ok(oldest <= next && acked < next && delivered < next);
  assert.ok(isTime(clock) && isText(agent) && isText(os));
  assert.ok(gaps.length <= limits.GAPS_PER_HELLO_MAX);
  let end = 0;
  for (const { from, to, fromAt, toAt, reason } of gaps) {
    assert.ok(isSeq(from) && isSeq(to) && end < from && from <= to && to < next);
    assert.ok(isTime(fromAt) && isTime(toAt) && fromAt <= toAt && isText(reason));
    end = to;
  }
}

function checkShape({ id, shape, fault }: ShapeFrame): void {
  assert.ok(Number.isSafeInteger(id) && id >= 1);
  if (shape === null) return checkFault(fault);
  assert.equal(fault, null);
  assert.ok(shape.families.length <= limits.FAMILIES_PER_SHAPE_MAX && seriesCount(shape) <= SERIES_MAX);
  const labelSets = [shape.labels, ...shape.families.flatMap(({ series }) => series.map(([, own]) => own))];
  for (const labels of labelSets) {
    const values = Object.values(labels);
    assert.ok(values.length <= limits.LABELS_MAX && values.every((value) => typeof value === 'string'));
    assert.equal(Object.getPrototypeOf(labels), Object.prototype);
  }
  for (const { name, type, help, series } of shape.families) {
    assert.ok(typeof name === 'string' && METRIC_TYPES.includes(type));
    assert.ok(help.length <= limits.HELP_CHARS_MAX && !help.includes('\0'));
    for (const pair of series) assert.ok(pair.length === 2 && typeof pair[0] === 'string');
  }
}

function checkBatch({ seq, at, groups }: Batch): void {
  assert.ok(isSeq(seq) && isTime(at) && groups.length <= limits.GROUPS_PER_BATCH_MAX);
  for (const group of groups) {
    assert.ok(Number.isSafeInteger(group.shape) && group.shape >= 1 && isTime(group.at));
    if (group.column === null) {
      assert.ok(group.fault !== null);
      checkFault(group.fault);
      continue;
    }
    const { values, absent } = group.column;
    assert.equal(group.fault, null);
    assert.ok(group.at <= at && values.length <= SERIES_MAX);
    assert.ok(absent === null || (absent.length === values.length && absent.every((flag) => flag <= 1)));
  }
}

function checkReporterFrame(frame: ReporterFrame): void {
  if (frame.kind === 'hello') checkHello(frame);
  else if (frame.kind === 'shape') checkShape(frame);
  else if (frame.kind === 'batch') checkBatch(frame);
  else assert.ok(isText(frame.reason));
  if (frame.kind === 'skip') assert.ok(isSeq(frame.from) && isSeq(frame.to) && frame.from <= frame.to);
}

function checkGatewayFrame(frame: GatewayFrame): void {
  if (frame.kind === 'ack') assert.ok(isSeq(frame.seq, 0) && isSeq(frame.delivered, 0));
  else if (frame.kind === 'pace') assert.ok(Number.isSafeInteger(frame.intervalMs) && frame.intervalMs >= 1);
  else if (frame.kind === 'welcome') {
    const { next, clock, horizon } = frame;
    assert.ok(Number.isSafeInteger(next) && next >= 1 && isTime(clock) && isTime(horizon));
    assert.ok(Object.values(frame.limits).every((limit) => Number.isSafeInteger(limit) && limit >= 1));
  } else {
    assert.ok(isText(frame.code, 64));
    assert.ok(frame.message.length <= limits.MESSAGE_CHARS_MAX && frame.message.isWellFormed());
    const whole = frame.kind === 'reject' ? (frame.group ?? 0) : (frame.retryAfterMs ?? 0);
    assert.ok(Number.isSafeInteger(whole) && whole >= 0);
    if (frame.kind === 'reject') assert.ok(isSeq(frame.seq));
  }
}

function isFaulty(frame: ReporterFrame): boolean {
  if (frame.kind === 'shape') return frame.fault !== null;
  return frame.kind === 'batch' && frame.groups.some((group) => group.fault !== null);
}

/** Decodes one broken frame. @returns what came of it. */
function tryReporter(text: string): string {
  const frame = decodeReporterFrame(text, SERIES_MAX);
  checkReporterFrame(frame);
  if (isFaulty(frame)) return `${frame.kind} with a fault`;
  const again = encodeReporterFrame(frame);
  assert.equal(encodeReporterFrame(decodeReporterFrame(again, SERIES_MAX)), again);
  return frame.kind;
}

function tryGateway(text: string): string {
  const frame = decodeGatewayFrame(text);
  if (frame === null) return 'ignored';
  checkGatewayFrame(frame);
  const again = encodeGatewayFrame(frame);
  assert.deepEqual(decodeGatewayFrame(again), frame);
  return frame.kind;
}

/** The keys of what every object inherits from, and of what every array does. */
function sharedKeys(): PropertyKey[][] {
  return [Object.prototype, Array.prototype, String.prototype].map((prototype) => Reflect.ownKeys(prototype));
}

/** Most are valid but for one leaf. */
function breakOne(texts: readonly string[], random: Random): string {
  const choice = random();
  if (choice < 0.6) return changeLeaf(random.pick(texts), random);
  if (choice < 0.9) return breakFrame(texts, random);
  // As the socket library would: what is no UTF-8 never gets here, but need not be counted on.
  return breakBytes(random.pick(texts), random.pick(texts), random).toString();
}

/** @returns how often each outcome came. */
function fuzz(
  end: 'reporter' | 'gateway',
  frames: number,
  decode: (text: string) => string,
): Map<string, number> {
  const texts = readFixtures(end)
    .filter(({ frame, fault }) => frame !== undefined || fault !== undefined)
    .map(({ text }) => text);
  const keys = sharedKeys();
  const outcomes = new Map<string, number>();
  for (let i = 0; i < frames; i++) {
    const text = breakOne(texts, randomOf(Math.imul(SEED, 0x9e3779b9) + i));
    let outcome: string;
    try {
      outcome = decode(text);
    } catch (error) {
      const told = error instanceof RefuseError && error.code === 'BAD_FRAME';
      if (!told || !isText(error.message, MESSAGE_MAX)) {
        const shown = JSON.stringify(text.slice(0, 4000));
        throw new Error(`TRIBUTARY_FUZZ_SEED=${SEED}, frame ${i}: ${shown}`, { cause: error });
      }
      outcome = error.message.startsWith('the frame is not JSON') ? 'not JSON' : 'bad';
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  assert.deepEqual(sharedKeys(), keys);
  return outcomes;
}

/** Fuzzing that never gets anywhere finds nothing: each outcome must come often enough. */
function assertVaried(outcomes: Map<string, number>, expected: readonly string[]): void {
  const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  for (const outcome of expected) {
    const count = outcomes.get(outcome) ?? 0;
    assert.ok(count >= total / 1000, `${outcome}: ${count} of ${total}`);
  }
}

test('whatever a reporter sends is a sound frame or a BAD_FRAME', (t) => {
  const outcomes = fuzz('reporter', FRAMES, tryReporter);
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  const good = ['hello', 'shape', 'shape with a fault', 'batch', 'batch with a fault', 'skip', 'bye'];
  assertVaried(outcomes, [...good, 'bad', 'not JSON']);
});

test('whatever a gateway sends is a sound frame, ignored, or a BAD_FRAME', (t) => {
  const outcomes = fuzz('gateway', FRAMES / 2, tryGateway);
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
  assertVaried(outcomes, ['welcome', 'ack', 'reject', 'pace', 'refuse', 'ignored', 'bad', 'not JSON']);
});

/** What a frame of the largest size may hold in one place; `frameBytesMax` is what the socket lets through. */
function hugeValues(): string[] {
  const bytes = limits.DEFAULT_LIMITS.frameBytesMax - 200;
  const times = (text: string) => text.repeat(Math.floor(bytes / text.length));
  const nested = (open: string, close: string) => {
    const depth = Math.floor(bytes / (open.length + close.length));
    return `${open.repeat(depth)}0${close.repeat(depth)}`;
  };
  const keys = Array.from({ length: bytes / 16 }, (_, i) => `"k${i}":""`).join(',');
  const nests = [nested('[', ']'), nested('{"a":', '}'), nested('{"__proto__":', '}')];
  const lists = [`[${times('0,')}0]`, `[${times('{},')}{}]`, `{${keys}}`];
  return [...nests, ...lists, `"${times('x')}"`, `"${times('\\ud800')}"`, times('9')];
}

test('a frame that is as large, as deep or as wide as it may be is a sound frame or a BAD_FRAME', () => {
  const places: [decode: (text: string) => string, before: string, after: string][] = [
    [tryReporter, '', ''],
    [tryReporter, '{"kind":', '}'],
    [tryReporter, '{"kind":"shape","id":1,"families":[],"labels":', '}'],
    [tryReporter, '{"kind":"shape","id":1,"families":', '}'],
    [tryReporter, '{"kind":"shape","id":1,"families":[{"series":[],"name":', '}]}'],
    [tryReporter, '{"kind":"shape","id":1,"families":[{"name":"a","series":[["",', ']]}]}'],
    [tryReporter, '{"kind":"batch","seq":1,"at":1,"groups":', '}'],
    [tryReporter, '{"kind":"batch","seq":1,"at":1,"groups":[{"shape":1,"values":', '}]}'],
    [tryReporter, '{"kind":"bye","reason":', '}'],
    [tryGateway, '{"kind":"reject","seq":1,"code":"RATE","message":', '}'],
  ];
  const values = hugeValues();
  const outcomes = new Set<string>();
  for (const [decode, before, after] of places) {
    for (const value of values) {
      try {
        outcomes.add(decode(before + value + after));
      } catch (error) {
        const where = `${before}${value.slice(0, 20)}…`;
        assert.ok(error instanceof RefuseError && error.code === 'BAD_FRAME', `${where}: ${error}`);
        assert.ok(isText(error.message, MESSAGE_MAX), `${where}: ${error.message.length} characters`);
        outcomes.add('bad');
      }
    }
  }
  assert.ok(outcomes.has('shape with a fault') && outcomes.has('reject') && outcomes.has('bad'));
});

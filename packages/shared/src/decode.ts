/**
 * Decodes what a reporter sends, from untrusted text.
 *
 * The rule of thumb: a frame whose structure is wrong is a `BAD_FRAME`, since its sender cannot be trusted to be in
 * step; a frame whose content is wrong (a value, a name, a count of a shape) carries its fault along, so that only the
 * batch or the group concerned is rejected. Time and memory are linear in the text's length, which the socket bounds.
 */
import type { Column } from './column.ts';
import { decodeBatchBytes } from './decode-batch-bytes.ts';
import { decodeShape } from './decode-shape.ts';
import type { Fault } from './errors.ts';
import {
  badFrame,
  describe,
  type JsonObject,
  parseFrame,
  readArray,
  readIdentifier,
  readInteger,
  readObject,
  readSeq,
  readText,
  readTime,
} from './fields.ts';
import type { Batch, Bye, Gap, Group, Hello, ReporterFrame, ShapeFrame, Skip } from './frames.ts';
import { GAPS_PER_HELLO_MAX, GROUPS_PER_BATCH_MAX, HOST_CHARS_MAX, TEXT_CHARS_MAX } from './limits.ts';
import { isHostName, quote } from './names.ts';

/** The same from the frame's bytes, which are UTF-8: batches as the encoder writes them take a shorter way. */
export function decodeReporterBytes(bytes: Buffer, seriesMax: number): ReporterFrame {
  return decodeBatchBytes(bytes, seriesMax) ?? decodeReporterFrame(bytes.toString(), seriesMax);
}

/**
 * @param text one WebSocket text frame, already bounded by `frameBytesMax`.
 * @param seriesMax the longest column that is looked at; longer ones carry a `TOO_MANY_SERIES` fault.
 * @throws RefuseError `BAD_FRAME`
 */
export function decodeReporterFrame(text: string, seriesMax: number): ReporterFrame {
  const { kind, fields } = parseFrame(text);
  switch (kind) {
    case 'batch':
      return decodeBatch(fields, seriesMax);
    case 'hello':
      return decodeHello(fields);
    case 'shape':
      return decodeShapeFrame(fields, seriesMax);
    case 'skip':
      return decodeSkip(fields);
    case 'bye':
      return decodeBye(fields);
    default:
      throw badFrame(`unknown kind ${quote(kind)}`);
  }
}

function decodeHello(fields: JsonObject): Hello {
  const host = readText(fields['host'], 'hello.host', HOST_CHARS_MAX);
  if (!isHostName(host)) {
    throw badFrame(`hello.host is ${quote(host)}: 1 to 253 letters, digits, '.', '-' or '_' are needed`);
  }
  const next = readSeq(fields['next'], 'hello.next');
  const hello: Hello = {
    kind: 'hello',
    host,
    epoch: readIdentifier(fields['epoch'], 'hello.epoch'),
    run: readIdentifier(fields['run'], 'hello.run'),
    oldest: readSeq(fields['oldest'] ?? 1, 'hello.oldest'),
    acked: readSeq(fields['acked'] ?? 0, 'hello.acked', 0),
    delivered: readSeq(fields['delivered'] ?? 0, 'hello.delivered', 0),
    next,
    clock: readTime(fields['clock'], 'hello.clock'),
    gaps: decodeGaps(fields['gaps'] ?? [], next),
    agent: readText(fields['agent'] ?? '', 'hello.agent', TEXT_CHARS_MAX),
    os: readText(fields['os'] ?? '', 'hello.os', TEXT_CHARS_MAX),
  };
  for (const [name, bound] of [
    ['oldest', next],
    ['acked', next - 1],
    ['delivered', next - 1],
  ] as const) {
    if (hello[name] > bound) throw badFrame(`hello.${name} is ${hello[name]}, but hello.next is ${next}`);
  }
  return hello;
}

/**
 * Seqs must rise. Times need not: a clock that was set back within a gap leaves its two times the wrong way round, and
 * a host must not be refused for that, since it would say the same again. They are put in order here.
 */
function decodeGaps(value: unknown, next: number): Gap[] {
  let end = 0;
  return readArray(value, 'hello.gaps', GAPS_PER_HELLO_MAX).map((item, i) => {
    const what = `hello.gaps[${i}]`;
    const fields = readObject(item, what);
    const from = readSeq(fields['from'], `${what}.from`, end + 1);
    const to = readSeq(fields['to'], `${what}.to`, from);
    if (to >= next) throw badFrame(`${what}.to is ${to}, but hello.next is ${next}`);
    end = to;
    const fromAt = readTime(fields['fromAt'], `${what}.fromAt`);
    const toAt = readTime(fields['toAt'], `${what}.toAt`);
    return {
      from,
      to,
      fromAt: Math.min(fromAt, toAt),
      toAt: Math.max(fromAt, toAt),
      reason: readText(fields['reason'], `${what}.reason`, TEXT_CHARS_MAX),
    };
  });
}

function decodeShapeFrame(fields: JsonObject, seriesMax: number): ShapeFrame {
  const id = readInteger(fields['id'], 'shape.id', 1);
  return { kind: 'shape', id, ...decodeShape(fields, seriesMax) };
}

function decodeBatch(fields: JsonObject, seriesMax: number): Batch {
  const seq = readSeq(fields['seq'], 'batch.seq');
  const at = readTime(fields['at'], 'batch.at');
  const items = readArray(fields['groups'], 'batch.groups', GROUPS_PER_BATCH_MAX);
  const groups: Group[] = [];
  for (let i = 0; i < items.length; i++) groups.push(decodeGroup(items[i], `groups[${i}]`, at, seriesMax));
  return { kind: 'batch', seq, at, groups };
}

function decodeGroup(item: unknown, what: string, batchAt: number, seriesMax: number): Group {
  const fields = readObject(item, what);
  const shape = readInteger(fields['shape'], `${what}.shape`, 1);
  const at = readTime(fields['at'] ?? batchAt, `${what}.at`);
  const values = readArray(fields['values'], `${what}.values`, Number.MAX_SAFE_INTEGER);
  if (at > batchAt) {
    const message = `${what}.at is ${at}, later than the batch's own ${batchAt}`;
    return { shape, at, column: null, fault: { code: 'FUTURE', message } };
  }
  if (values.length > seriesMax) {
    const message = `${what} has ${values.length} values: at most ${seriesMax} are taken`;
    return { shape, at, column: null, fault: { code: 'TOO_MANY_SERIES', message, limit: 'series' } };
  }
  return { shape, at, ...decodeColumn(values, what) };
}

type Decoded = { column: Column; fault: null } | { column: null; fault: Fault };

/** The hot loop of the gateway: one pass, no object a sample. */
function decodeColumn(items: readonly unknown[], what: string): Decoded {
  const values = new Float64Array(items.length);
  let absent: Uint8Array | null = null;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item === 'number') {
      // A literal such as 1e999 parses to an infinity that nobody measured.
      if (!Number.isFinite(item)) return invalidValue(what, i, item);
      values[i] = item;
    } else if (item === null) {
      absent ??= new Uint8Array(items.length);
      absent[i] = 1;
    } else if (item === 'NaN') values[i] = Number.NaN;
    else if (item === '+Inf') values[i] = Number.POSITIVE_INFINITY;
    else if (item === '-Inf') values[i] = Number.NEGATIVE_INFINITY;
    else return invalidValue(what, i, item);
  }
  return { column: { values, absent }, fault: null };
}

function invalidValue(what: string, i: number, item: unknown): Decoded {
  const message = `${what}.values[${i}] is ${describe(item)}: a finite number, null, "NaN", "+Inf" or "-Inf" is needed`;
  return { column: null, fault: { code: 'INVALID_VALUE', message } };
}

function decodeSkip(fields: JsonObject): Skip {
  const from = readSeq(fields['from'], 'skip.from');
  return {
    kind: 'skip',
    from,
    to: readSeq(fields['to'], 'skip.to', from),
    reason: readText(fields['reason'] ?? '', 'skip.reason', TEXT_CHARS_MAX),
    ...decodeSkipTimes(fields),
  };
}

/** As a gap's, they are put in order; one alone says nothing. */
function decodeSkipTimes({ fromAt, toAt }: JsonObject): { fromAt?: number; toAt?: number } {
  if (fromAt === undefined || toAt === undefined) return {};
  const times = [readTime(fromAt, 'skip.fromAt'), readTime(toAt, 'skip.toAt')];
  return { fromAt: Math.min(...times), toAt: Math.max(...times) };
}

function decodeBye(fields: JsonObject): Bye {
  return { kind: 'bye', reason: readText(fields['reason'] ?? '', 'bye.reason', TEXT_CHARS_MAX) };
}

/** Reads every line of a text, and keeps of each what a layout needs. */
import type { ExpositionFormat } from './content-type.ts';
import { KnownSeries } from './known-series.ts';
import type { Layout } from './layout.ts';
import { type Metadata, MetadataReader } from './metadata.ts';
import { Mistake } from './mistake.ts';
import { skipBlanks } from './read-series.ts';
import { readTail } from './read-tail.ts';

export interface LineOptions {
  readonly format: ExpositionFormat;
  readonly samplesMax: number;
  readonly familiesMax: number;
  readonly labelsMax: number;
  readonly keep: (name: string) => boolean;
  /** As in `ReaderOptions`. */
  readonly emptyLabels: ReadonlySet<string>;
}

/** Lines kept for each sample that may be: those that are dropped have to be read as well. */
const LINES_PER_SAMPLE = 4;
/**
 * A text is kept as a whole by the lines that are. One with more than this and so much for each line (long comments, say, or
 * samples that nobody can send) is read anew each time, so that no target costs tens of megabytes for good.
 */
const KEPT_CHARS_FREE = 1024 * 1024;
const KEPT_CHARS_PER_LINE = 512;

/** So much of a text is read at once. A label costs some microseconds, and in so many characters there may be thousands. */
const TURN_CHARS = 16 * 1024;

export interface Lines {
  readonly known: KnownSeries;
  readonly metadata: Metadata;
  /** Samples that have series, in the text's order. */
  readonly ids: readonly number[];
  readonly values: readonly number[];
  readonly timesMs: readonly (number | null)[];
  /** For the layout; of all samples up to a bound. */
  readonly kept: { texts: string[]; starts: number[]; ends: number[]; ids: number[] };
  readonly tail: string | null;
  readonly samples: number;
  readonly without: Layout['without'];
}

/**
 * @param text of text 0.0.4 ends with a line break.
 * @param previous of a text before, in the same format; null for the first.
 * Yields where it may be interrupted.
 * @throws Mistake
 */
export function* readLines(
  text: string,
  previous: Layout | null,
  options: LineOptions,
): Generator<undefined, Lines> {
  const { format, samplesMax, familiesMax } = options;
  const linesMax = LINES_PER_SAMPLE * samplesMax;
  const own = createOwner();
  const reader = new MetadataReader(text, format, familiesMax, own);
  const known = new KnownSeries(previous, { ...options, linesMax }, own);
  const ids: number[] = [];
  const values: number[] = [];
  const timesMs: (number | null)[] = [];
  const kept: Lines['kept'] = { texts: [], starts: [], ends: [], ids: [] };
  const without = [0, 0, 0];
  let samples = 0;
  let from = 0;
  let turnEnd = TURN_CHARS;
  for (;;) {
    if (from >= turnEnd) {
      yield;
      turnEnd = from + TURN_CHARS;
    }
    let at = reader.skipToSample(from, turnEnd);
    while (text[at] === '#') {
      yield;
      turnEnd = at + TURN_CHARS;
      at = reader.skipToSample(at, turnEnd);
    }
    if (at >= text.length) break;
    const { id, end } = known.find(text, at, format);
    const valueAt = format === 'text' ? skipBlanks(text, end) : behindBlank(text, end);
    const { value, atMs, next } = readTail(text, valueAt, format);
    samples++;
    if (id < 0) without[-id - 1] = (without[-id - 1] ?? 0) + 1;
    if (samples - (without[0] ?? 0) > samplesMax)
      throw new Mistake(at, `there are more than ${samplesMax} samples`, 'limit');
    if (kept.ids.length < linesMax) {
      kept.texts.push(text.slice(from, valueAt));
      kept.starts.push(at - from);
      kept.ends.push(end - from);
      kept.ids.push(id);
    }
    if (id >= 0) {
      ids.push(id);
      values.push(value);
      timesMs.push(atMs);
    }
    from = next;
  }
  const [dropped = 0, badNames = 0, badLabels = 0] = without;
  const isKept = text.length <= KEPT_CHARS_FREE + KEPT_CHARS_PER_LINE * kept.ids.length;
  return {
    known,
    metadata: reader.families,
    ids,
    values,
    timesMs,
    kept: isKept ? kept : { texts: [], starts: [], ends: [], ids: [] },
    tail: isKept && kept.ids.length === samples ? text.slice(from) : null,
    samples,
    without: { dropped, badNames, badLabels },
  };
}

function behindBlank(text: string, end: number): number {
  if (text[end] !== ' ') throw new Mistake(end, 'one blank and a value were expected behind the series');
  return end + 1;
}

/**
 * Makes strings that do not hold the text in memory which they were cut from, each only once. A slice keeps all that it is
 * a slice of, and one label of each of a hundred texts would keep a hundred texts.
 */
function createOwner(): (text: string) => string {
  const owned = new Map<string, string>();
  return (text) => {
    // Shorter ones V8 copies anyway (SlicedString::kMinLength).
    if (text.length < 13) return text;
    const known = owned.get(text);
    if (known !== undefined) return known;
    const copy = Buffer.from(text, 'utf8').toString('utf8');
    owned.set(copy, copy);
    return copy;
  };
}

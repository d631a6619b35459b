/**
 * Reads the expositions of one target, one after the other. There is one reader for each target, since it remembers what
 * the last text looked like: as long as only values change, nothing but values is read (layout.ts), and else only those
 * lines are read closely that are new (read-whole.ts). What it remembers is bounded by `samplesMax` and the text's size.
 *
 * What is taken and what is refused is what Prometheus 3.5 takes and refuses, but for what the wire cannot carry, which is
 * left out and counted; test/exposition-text-agreement.test.ts holds both against each other and lists the differences.
 *
 * To make columns of it:
 * - keep `{labels, families: reading.list.families}` as the shape for as long as `reading.list` is the same object;
 * - `reading.values` is the column of the moment of the scrape, as it stands;
 * - `reading.timed` is what goes into columns of other moments; it tells only what the text says, so rising order is for
 *   the caller to see to;
 * - after a scrape that failed, be it here or on the way, just read the next one: the list is kept.
 */
import { isUtf8 } from 'node:buffer';
import { LABELS_MAX } from '@tributary/shared/limits';
import { type ExpositionFormat, type FallbackFormat, formatOf } from './content-type.ts';
import { ExpositionError } from './exposition-error.ts';
import { type Layout, readValues, type ValueSink } from './layout.ts';
import { explain, Mistake } from './mistake.ts';
import { readWhole } from './read-whole.ts';
import type { ExpositionLimits, LeftOutReason, Reading } from './reading.ts';

export interface ReaderOptions {
  readonly limits: ExpositionLimits;
  readonly fallback: FallbackFormat;
  /**
   * Whether samples of that name (`foo_bucket`, not the family `foo`) are wanted. Asked when a series is met for the
   * first time, and has to answer the same for the same name.
   */
  readonly keep: (name: string) => boolean;
  /**
   * Names of labels that are told also where they are empty: with `honor_labels` those of the target, which an empty one
   * takes away from the series. Any other empty label is the same as none, as in Prometheus.
   */
  readonly emptyLabels: ReadonlySet<string>;
}

export const DEFAULT_READER_OPTIONS: ReaderOptions = {
  // Of labels, the target's have to have room, too: `host`, `instance`, `job` and some static ones.
  limits: { samplesMax: 20_000, familiesMax: 20_000, labelsMax: LABELS_MAX - 16 },
  fallback: 'text',
  keep: () => true,
  emptyLabels: new Set(),
};

export class ExpositionReader {
  readonly #options: ReaderOptions;
  #layout: Layout | null = null;
  /** Texts read so far. */
  #readings = 0;

  constructor(options: Partial<ReaderOptions> = {}) {
    this.#options = { ...DEFAULT_READER_OPTIONS, ...options };
  }

  /**
   * @param body the whole body, after inflating. It is not kept.
   * @param contentType the header as it came; null without one.
   * @throws ExpositionError when the body is refused whole, as Prometheus would (its scrape fails, `up` is 0).
   */
  read(body: Uint8Array, contentType: string | null): Reading {
    const turns = this.#turns(body, contentType);
    let turn = turns.next();
    while (turn.done !== true) turn = turns.next();
    return turn.value;
  }

  /**
   * The same with pauses. A text that looks like none before can take seconds, and a hostile one a minute: it must not hold
   * everything else.
   * @param pause is called every few milliseconds. What it throws ends the reading, and the list is kept.
   */
  async readInTurns(
    body: Uint8Array,
    contentType: string | null,
    pause: () => Promise<void> | null,
  ): Promise<Reading> {
    const turns = this.#turns(body, contentType);
    for (;;) {
      const turn = turns.next();
      if (turn.done === true) return turn.value;
      const paused = pause();
      if (paused !== null) await paused;
    }
  }

  *#turns(body: Uint8Array, contentType: string | null): Generator<undefined, Reading> {
    if (body.length === 0) return nothing(this.#layout);
    const format = formatOf(contentType, this.#options.fallback);
    const text = toText(body, format);
    try {
      return yield* this.#read(text, format);
    } catch (error) {
      if (error instanceof Mistake) throw explain(error, text);
      throw error;
    }
  }

  *#read(text: string, format: ExpositionFormat): Generator<undefined, Reading> {
    const previous = this.#layout?.format === format ? this.#layout : null;
    const sink = previous === null ? null : readValues(text, previous);
    if (previous !== null && sink !== null) {
      this.#readings++;
      return toReading(previous, sink, 0);
    }
    const { limits, keep, emptyLabels } = this.#options;
    const options = { ...limits, keep, emptyLabels, format };
    const whole = yield* readWhole(text, previous, options, this.#readings + 1);
    this.#readings++;
    this.#layout = whole.layout;
    return toReading(whole.layout, whole.sink, whole.added);
  }
}

/** Prometheus takes an empty body of whatever type as one without samples. */
function nothing(layout: Layout | null): Reading {
  const list = layout?.list ?? { families: [], length: 0 };
  const values = layout?.blank ?? [];
  return { list, values, timed: null, scraped: 0, kept: 0, added: 0, leftOut: {} };
}

function toText(body: Uint8Array, format: ExpositionFormat): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!isUtf8(bytes)) throw notUtf8(bytes);
  const text = bytes.toString('utf8');
  // As Prometheus does: in text 0.0.4 the last line needs no end.
  return format === 'text' && !text.endsWith('\n') ? `${text}\n` : text;
}

function notUtf8(bytes: Buffer): ExpositionError {
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf('\n', from);
    const piece = bytes.subarray(from, end < 0 ? bytes.length : end);
    if (!isUtf8(piece))
      return new ExpositionError('format', line, 'the text is no UTF-8', piece.toString('latin1', 0, 1024));
    from = end < 0 ? bytes.length : end + 1;
  }
  return new ExpositionError('format', 0, 'the text is no UTF-8');
}

function toReading({ list, samples, without }: Layout, sink: ValueSink, added: number): Reading {
  const leftOut: Partial<Record<LeftOutReason, number>> = {};
  if (sink.duplicates > 0) leftOut.duplicate = sink.duplicates;
  if (without.badNames > 0) leftOut.name = without.badNames;
  if (without.badLabels > 0) leftOut.labels = without.badLabels;
  const kept = samples - without.dropped;
  return { list, values: sink.values, timed: sink.timed, scraped: samples, kept, added, leftOut };
}

/** What a text of the exposition format says: families, each with its samples in the text's order. */
import type { MetricType } from '@tributary/shared/shape';

export interface TextSample {
  /** What the sample's name adds to its family's: `_bucket`, `_sum`, `_count` or nothing. */
  readonly suffix: string;
  /** Names and values of its labels in turn, sorted by name, so that one series always looks the same. */
  readonly labels: readonly string[];
  readonly value: number;
  /** Milliseconds since the epoch, where the text gives a time of its own. */
  readonly timestampMs: number | null;
}

export interface TextFamily {
  readonly name: string;
  readonly type: MetricType;
  /** Null where the text has none. */
  readonly help: string | null;
  readonly samples: readonly TextSample[];
}

/** What the text may hold at most; beyond it the text is refused. */
export interface TextLimits {
  readonly samplesMax: number;
  readonly familiesMax: number;
  readonly labelsMax: number;
  readonly nameCharsMax: number;
  readonly labelValueCharsMax: number;
  readonly helpCharsMax: number;
}

/** The text breaks the format. `line` counts from one, and is in the message. */
export class TextFormatError extends Error {
  override readonly name = 'TextFormatError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

/** A series stands twice. The text is well formed, and may be found to contradict itself in this only. */
export class RepeatedSampleError extends TextFormatError {}

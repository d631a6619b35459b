/** Reads a single exposition that someone else has made: for what comes once, as a push does. See exposition-reader.ts. */
import { ExpositionReader, type ReaderOptions } from './exposition-reader.ts';
import type { TextFamily, TextSample } from './families.ts';
import type { Reading } from './reading.ts';

export interface ParsedExposition {
  /** In the wire's terms; a family has its samples in the text's order, those with times of their own behind the others. */
  readonly families: readonly TextFamily[];
  /** Only what is not zero. */
  readonly leftOut: Reading['leftOut'];
}

/**
 * @param contentType decides the format; null where there is none.
 * @throws ExpositionError
 */
export function parseExposition(
  body: Uint8Array,
  contentType: string | null,
  options: Partial<ReaderOptions> = {},
): ParsedExposition {
  const { list, values, timed, leftOut } = new ExpositionReader(options).read(body, contentType);
  const timesOf = new Map<number, [value: number, atMs: number][]>();
  for (const [i, place] of timed?.series.entries() ?? []) {
    const times = timesOf.get(place) ?? [];
    times.push([timed?.values[i] ?? 0, timed?.atMs[i] ?? 0]);
    timesOf.set(place, times);
  }
  let place = 0;
  const families = list.families.map(({ name, type, help, series }): TextFamily => {
    const samples: TextSample[] = [];
    for (const [suffix, own] of series) {
      const labels = Object.entries(own).flat();
      const value = values[place] ?? null;
      if (value !== null) samples.push({ suffix, labels, value, timestampMs: null });
      for (const [timed, timestampMs] of timesOf.get(place) ?? [])
        samples.push({ suffix, labels, value: timed, timestampMs });
      place++;
    }
    return { name, type, help, samples };
  });
  return { families, leftOut };
}

/** Counters that come from a program: each answer is told once, under the time at which it came. */
import type { Collector, ColumnWriter } from '../collector.ts';
import type { Reading } from '../latest.ts';

/** Between two answers there is nothing new to tell of a counter, and told again it would look as if it had stood still. */
export function createTellOnceCollector<T>(
  name: string,
  read: () => Promise<Reading<T>>,
  write: (out: ColumnWriter, value: T) => void,
): Collector {
  let toldId = 0;
  return {
    name,
    async collect(out) {
      const { value, id, ageMs } = await read();
      if (id === toldId) return;
      toldId = id;
      // Told under another time it would be a wrong rate.
      if (ageMs === null) return;
      out.takenBefore(ageMs);
      write(out, value);
    },
  };
}

/** The innermost loop: the text of one host's points. */
import { type Format, stampText, valueText } from './format.ts';
import type { HostPoints, Point } from './input.ts';
import type { Lines } from './lines.ts';

/** Turns a point's time into the text behind its values. */
export type Stamps = (at: number) => string;

/** Entries of the stamps' memory; a power of two. Some thousand hosts tick at some thousand moments. */
const STAMPS = 1 << 14;

/** Remembers what it wrote: a host's families share their times, and there are hundreds of them. */
export function createStamps(format: Format): Stamps {
  const times = new Float64Array(STAMPS).fill(Number.NaN);
  const texts: string[] = [];
  return (at) => {
    const slot = at & (STAMPS - 1);
    if (times[slot] !== at) {
      times[slot] = at;
      texts[slot] = stampText(at, format);
    }
    return texts[slot] ?? '';
  };
}

/** All lines of a host, metric by metric; in a metric point by point, oldest first. */
export function hostText(lines: Lines, host: HostPoints, stamps: Stamps): string {
  const { points, target } = host;
  const [first] = points;
  if (points.length === 1 && first !== undefined) {
    return pointText(lines, target, first, 0, lines.prefixes.length, stamps(first.at));
  }
  let text = '';
  for (let m = 0; m + 1 < lines.starts.length; m++)
    text += metricText(lines, m, host, 0, points.length, stamps);
  return text;
}

/** The lines of one metric at the points from `from` to before `to`. */
export function metricText(
  lines: Lines,
  metric: number,
  host: HostPoints,
  from: number,
  to: number,
  stamps: Stamps,
): string {
  const first = lines.starts[metric] ?? 0;
  const end = lines.starts[metric + 1] ?? 0;
  let text = '';
  for (let p = from; p < to; p++) {
    const point = host.points[p];
    if (point !== undefined) text += pointText(lines, host.target, point, first, end, stamps(point.at));
  }
  return text;
}

function pointText(
  lines: Lines,
  target: string,
  point: Point,
  from: number,
  to: number,
  stamp: string,
): string {
  const { prefixes, indexes } = lines;
  const { values, absent } = point.column;
  const { hidden } = point;
  let text = '';
  for (let k = from; k < to; k++) {
    const index = indexes[k] ?? 0;
    if ((absent !== null && absent[index] === 1) || (hidden !== null && hidden[index] === 1)) continue;
    text += prefixes[k] + target + valueText(values[index] ?? Number.NaN) + stamp;
  }
  return text;
}

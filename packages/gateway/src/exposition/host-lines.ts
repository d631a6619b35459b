/** The lines of the writer's host: metric by metric, and in a metric point by point, oldest first. */
import type { BodyWriter } from './body-writer.ts';
import type { Lines } from './lines.ts';

/** Writes all lines. @param points how many the host has */
export function writeHost(writer: BodyWriter, lines: Lines, points: number): void {
  // A metric's lines follow one another, and so do the metrics.
  if (points === 1) return writer.point(lines, 0, 0, lines.prefixes.length);
  for (let m = 0; m + 1 < lines.starts.length; m++) writeMetric(writer, lines, m, 0, points);
}

/** Writes the lines of one metric at the points from `from` to before `to`. */
export function writeMetric(
  writer: BodyWriter,
  lines: Lines,
  metric: number,
  from: number,
  to: number,
): void {
  const first = lines.starts[metric] ?? 0;
  const end = lines.starts[metric + 1] ?? 0;
  for (let point = from; point < to; point++) writer.point(lines, point, first, end);
}

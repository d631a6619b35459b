/** The lines of one host: metric by metric, and in a metric point by point, oldest first. */
import type { BodyWriter } from './body-writer.ts';
import type { HostPoints } from './input.ts';
import type { Lines } from './lines.ts';

/** Writes all lines of a host. */
export function writeHost(writer: BodyWriter, lines: Lines, host: HostPoints): void {
  const { points } = host;
  const [first] = points;
  // A metric's lines follow one another, and so do the metrics.
  if (points.length === 1 && first !== undefined)
    return writer.point(lines, host, first, 0, lines.prefixes.length);
  for (let m = 0; m + 1 < lines.starts.length; m++) writeMetric(writer, lines, m, host, 0, points.length);
}

/** Writes the lines of one metric at the points from `from` to before `to`. */
export function writeMetric(
  writer: BodyWriter,
  lines: Lines,
  metric: number,
  host: HostPoints,
  from: number,
  to: number,
): void {
  const first = lines.starts[metric] ?? 0;
  const end = lines.starts[metric + 1] ?? 0;
  for (let p = from; p < to; p++) {
    const point = host.points[p];
    if (point !== undefined) writer.point(lines, host, point, first, end);
  }
}

/** Help for this folder's tests: feeds with real sockets, and what they tell. Not loaded by the reporter. */
import type { Column } from '../collectors/columns.ts';
import { ColumnRecorder } from '../collectors/columns.ts';
import type { Feed } from '../collectors/feed.ts';
import type { ApplicationsLog } from './log.ts';

/** Each series with all its labels, sorted: `x{job=a} 1`. */
export function seriesOf(columns: readonly Column[]): string[] {
  return columns.flatMap(({ shape, values }) => {
    let i = 0;
    return shape.families.flatMap(({ name, series }) =>
      series.map(([suffix, labels]) => {
        const all = Object.entries({ ...labels, ...shape.labels }).sort(([a], [b]) => (a < b ? -1 : 1));
        const text = all.map(([label, value]) => `${label}=${value}`).join();
        return `${name}${suffix}${text === '' ? '' : `{${text}}`} ${values[i++]}`;
      }),
    );
  });
}

/** One tick of a feed. */
export function told(feed: Feed, mono = 0): string[] {
  return feed.take({ mono, wall: mono }).flatMap(seriesOf);
}

/** The reporter's own series of a feed, by name and label: `push_requests_total{method=put}`. */
export async function ownOf(feed: Feed): Promise<ReadonlyMap<string, number>> {
  const recorder = new ColumnRecorder({});
  await feed.own?.collect(recorder, new AbortController().signal);
  const column = recorder.take();
  const lines = column === null ? [] : seriesOf([column]);
  return new Map(
    lines.map((line) => {
      const [series = '', value] = line.split(' ');
      return [series.replace('tributary_reporter_', ''), Number(value)];
    }),
  );
}

/** Keeps what was logged, as `LEVEL MESSAGE FIELDS`. */
export function keepingLog(): ApplicationsLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** Waits for something that another event brings about, on a loaded machine too. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

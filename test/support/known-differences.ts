/**
 * The differences from node_exporter that docs/COLLECTORS.md lists, so that the page and the comparison cannot part: what is found and
 * not listed fails the test, and so does what is listed as found here and is not.
 *
 * A row is `| series | difference | where | why |`, with one or more series and differences. The series is a metric's name, with `*` for any text, and label matchers in
 * braces where only some of its series differ.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference } from './differences.ts';
import { REPOSITORY } from './programs.ts';

const HEADING = '## Series that differ';

export interface KnownDifference {
  /** As the page has it. */
  readonly series: string;
  readonly kind: string;
  /** `any host`, `some hosts` or `the trees`: where a run must, may or must find it. */
  readonly where: string;
  readonly why: string;
}

export function readKnownDifferences(): KnownDifference[] {
  const page = readFileSync(join(REPOSITORY, 'docs/COLLECTORS.md'), 'utf8');
  const from = page.indexOf(`${HEADING}\n`);
  if (from < 0) throw new Error(`docs/COLLECTORS.md has no "${HEADING}"`);
  const section = page.slice(from).split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => {
    const [, series = '', kind = '', where = '', why = ''] = row
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    const patterns = [...series.matchAll(/`([^`]+)`/g)].map(([, pattern = '']) => pattern);
    const kinds = kind.split(',').map((one) => one.trim());
    return patterns.flatMap((pattern) => kinds.map((one) => ({ series: pattern, kind: one, where, why })));
  });
}

export function matches({ series, kind }: KnownDifference, difference: Difference): boolean {
  if (kind !== difference.kind) return false;
  const [, name = '', braces] = /^([^{]+)(?:\{(.*)\})?$/.exec(series) ?? [];
  const glob = name.replace(/[.+^$()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  if (!new RegExp(`^${glob}$`).test(difference.metric)) return false;
  return (braces ?? '').split(',').every((pair) => pair === '' || difference.series.includes(pair));
}

export interface Explained {
  /** Differences that no row explains. */
  readonly unknown: readonly Difference[];
  /** Rows that explained something. */
  readonly used: ReadonlySet<KnownDifference>;
}

export function explain(differences: readonly Difference[], known: readonly KnownDifference[]): Explained {
  const used = new Set<KnownDifference>();
  const unknown = differences.filter((difference) => {
    const rows = known.filter((row) => matches(row, difference));
    for (const row of rows) used.add(row);
    return rows.length === 0;
  });
  return { unknown, used };
}

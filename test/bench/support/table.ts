/** Figures for people: a table in Markdown, so that it can stand in docs/PERFORMANCE.md as it is. */
import type { Figure } from '../part.ts';

export interface Measured {
  readonly part: string;
  readonly figure: Figure;
  readonly value: number;
  /** Of which `value` is the median. */
  readonly rounds: readonly number[];
}

const SIGNS = { '<=': '≤', '>=': '≥' } as const;

export function tableOf(measured: readonly Measured[]): string {
  const rows = measured.map(({ part, figure, value, rounds }) => {
    const { name, unit, reach } = figure;
    const spread = rounds.length < 2 ? '' : `${short(Math.min(...rounds))} to ${short(Math.max(...rounds))}`;
    const wanted = reach === undefined ? '' : `${SIGNS[reach[0]]} ${reach[1]}`;
    const shown = Number.isFinite(value) ? `${short(value)} ${unit}`.trim() : 'not within its time';
    return [part, name, shown, spread, wanted, verdictOf(figure, value)];
  });
  const lines = [
    ['part', 'figure', 'median', 'rounds', 'reach', ''],
    ['---', '---', '---', '---', '---', '---'],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function verdictOf({ reach }: Figure, value: number): string {
  if (reach === undefined) return '';
  const [sign, bound] = reach;
  return (sign === '<=' ? value <= bound : value >= bound) ? 'yes' : 'no';
}

/** Three digits that count. What was waited for in vain is infinite. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

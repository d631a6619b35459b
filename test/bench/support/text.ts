/** The fleet's values as Prometheus text, for those who take that. */
import type { Labels } from '@tributary/shared/shape';
import { template, valueAt } from '../load/template.ts';

export interface TextOptions {
  readonly series: number;
  readonly tick: number;
  /** Of each line. */
  readonly labels: Labels;
  /** Of each line, in ms; none unless given. */
  readonly at?: number;
}

/** One tick of one host. */
export function textOf({ series, tick, labels, at }: TextOptions): string {
  const time = at === undefined ? '' : ` ${at}`;
  const lines: string[] = [];
  for (const [g, { shape, values }] of template(series).entries()) {
    let i = 0;
    for (const { name, type, help, series: own } of shape.families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [suffix, ownLabels] of own) {
        const value = values[i];
        if (value === undefined) throw new Error(`${name} has a series without a value`);
        const all = Object.entries({ ...ownLabels, ...labels }).map(([label, text]) => `${label}="${text}"`);
        lines.push(`${name}${suffix}{${all.join()}} ${valueAt(value, g * 4096 + i, tick)}${time}`);
        i++;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

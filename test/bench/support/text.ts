/** The fleet's values as Prometheus text, for those who take that. */
import type { Labels } from '@tributary/shared/shape';
import { columnOf, template } from '../load/template.ts';

export interface TextOptions {
  readonly series: number;
  readonly host: number;
  readonly tick: number;
  /** Of each line. */
  readonly labels: Labels;
  /** Of each line, in ms; none unless given. */
  readonly at?: number;
  /** Whether each family has its HELP and TYPE. */
  readonly comments: boolean;
}

/** One tick of one host. */
export function textOf({ series, host, tick, labels, at, comments }: TextOptions): string {
  const time = at === undefined ? '' : ` ${at}`;
  const shared = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  const lines: string[] = [];
  for (const [g, group] of template(series).entries()) {
    const column = columnOf(group, g, host, tick);
    let i = 0;
    for (const { name, type, help, series: own } of group.shape.families) {
      if (comments) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [suffix, ownLabels] of own) {
        const all = [...Object.entries(ownLabels).map(([label, text]) => `${label}="${text}"`), ...shared];
        lines.push(`${name}${suffix}{${all.join()}} ${column[i++]}${time}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

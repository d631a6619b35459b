/** The fleet's values as Prometheus text, for those who take that. */
import { template, valueAt } from '../load/template.ts';

/** One tick of one host, with its name as `instance`. @param at of each line in ms; none unless given */
export function textOf(host: string, series: number, tick: number, at?: number): string {
  const time = at === undefined ? '' : ` ${at}`;
  const lines: string[] = [];
  for (const [g, { shape, values }] of template(series).entries()) {
    let i = 0;
    for (const { name, type, help, series: own } of shape.families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [suffix, labels] of own) {
        const value = values[i];
        if (value === undefined) throw new Error(`${name} has a series without a value`);
        const all = Object.entries({ ...labels, instance: host, job: 'node' }).map(
          ([label, text]) => `${label}="${text}"`,
        );
        lines.push(`${name}${suffix}{${all.join()}} ${valueAt(value, g * 4096 + i, tick)}${time}`);
        i++;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

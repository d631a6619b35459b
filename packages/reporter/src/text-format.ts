/** The text format 0.0.4, for `once` and `/metrics`: what this host would show by itself, as node_exporter does. */
import type { MetricType } from '@tributary/shared/shape';
import type { Column } from './collectors/columns.ts';

/**
 * One exposition of columns, without the target's labels.
 * @param now in ms since 1970, when the columns' ages are counted from; without it lines have no timestamps.
 */
export function renderText(columns: readonly Column[], now?: number): string {
  let text = '';
  for (const { shape, values, ageMs = 0 } of columns) {
    const stamp = now === undefined ? '' : ` ${Math.round(now - ageMs)}`;
    let i = 0;
    for (const { name, type, help, series } of shape.families) {
      text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${textType(type)}\n`;
      for (const [suffix, labels] of series) {
        const value = values[i++];
        if (value === null || value === undefined) continue;
        const inner = Object.entries(labels).map(([label, text]) => `${label}="${escapeValue(text)}"`);
        text += `${name}${suffix}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${formatValue(value)}${stamp}\n`;
      }
    }
  }
  return text;
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** What OpenMetrics added is a gauge here. */
function textType(type: MetricType): string {
  return type === 'info' || type === 'stateset' ? 'gauge' : type;
}

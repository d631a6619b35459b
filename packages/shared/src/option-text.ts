/** An option's value as a user would write it. */
import type { OptionSpec } from './options.ts';
import { formatDuration, formatSize } from './units.ts';

/** @param value of one that may be given several times: as one text, with commas between. */
export function optionText({ form }: OptionSpec<unknown>, value: unknown): string {
  if (form?.kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (form?.kind === 'size' && typeof value === 'number') return formatSize(value);
  if (value instanceof Map) return [...value].map(([key, text]) => `${key}=${text}`).join(',');
  if (value instanceof RegExp) return value.source;
  return value === null ? '' : String(value);
}

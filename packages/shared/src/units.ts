/** Durations and sizes as Prometheus writes them: `15s` `1h30m` `100ms`; `512MB` `2GB` in powers of two. */

const DURATION_UNITS_MS = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/**
 * Milliseconds of a duration such as `5m` or `1h30m`; `0` needs no unit. The grammar is Prometheus's
 * (`model.ParseDuration`): whole numbers, each unit once, from the largest to the smallest.
 * @returns undefined when the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = DURATION.exec(text);
  if (match === null || text === '') return undefined;
  let totalMs = 0;
  for (const [i, [, unitMs]] of DURATION_UNITS_MS.entries()) totalMs += Number(match[i + 1] ?? 0) * unitMs;
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/** The shortest such text for whole milliseconds. Years and weeks are not used: nobody configures `1y2w`. */
export function formatDuration(totalMs: number): string {
  if (totalMs === 0) return '0s';
  let rest = totalMs;
  let text = '';
  for (const [unit, unitMs] of DURATION_UNITS_MS) {
    if (unit === 'y' || unit === 'w') continue;
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

const SIZE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
const SIZE = /^(\d+)(B|KB|MB|GB|TB|PB)$/;

/**
 * Bytes of a size such as `512MB`, in powers of two as Prometheus counts them.
 * @returns undefined when the text is no size.
 */
export function parseSize(text: string): number | undefined {
  if (text === '0') return 0;
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const power = SIZE_UNITS.indexOf(match[2] as (typeof SIZE_UNITS)[number]);
  const bytes = Number(match[1]) * 1024 ** power;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest such text that is exact. */
export function formatSize(bytes: number): string {
  let power = 0;
  let count = bytes;
  while (count > 0 && count % 1024 === 0 && power < SIZE_UNITS.length - 1) {
    count /= 1024;
    power++;
  }
  return `${count}${SIZE_UNITS[power]}`;
}

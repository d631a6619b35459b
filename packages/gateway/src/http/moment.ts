/** A moment as a person writes one. */
import { parseDuration } from '@tributary/shared/units';

export const MOMENT_FORMS =
  'give seconds since 1970, an RFC 3339 time such as 2026-11-24T21:00:00Z, or a duration before now such as 30m';

/** With its offset, for a gateway and whoever asks it may be in different zones. In a query its plus sign may have become a space. */
const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[-+ ]\d\d:\d\d)$/i;
const SECONDS = /^\d+(\.\d+)?$/;

/** @returns ms since 1970, no less than 0 and maybe after now; undefined for what is no moment. */
export function parseMoment(text: string, now: number): number | undefined {
  const at = readMoment(text, now);
  return at === undefined || Number.isNaN(at) ? undefined : Math.max(0, Math.round(at));
}

function readMoment(text: string, now: number): number | undefined {
  if (SECONDS.test(text)) return Number(text) * 1000;
  const [, time, offset] = RFC_3339.exec(text) ?? [];
  if (time !== undefined && offset !== undefined)
    return Date.parse((time + offset.replace(' ', '+')).toUpperCase());
  const ago = parseDuration(text);
  return ago === undefined ? undefined : now - ago;
}

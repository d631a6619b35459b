/**
 * The abbreviation of the zone in force ("CET", "CEST"), which JavaScript does not tell for most zones.
 *
 * The offset is JavaScript's own. The abbreviations stand in the footer of the zone's TZif file (RFC 9636, section
 * 3.3), a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`: the one of the two whose offset is in force is the name.
 * So the rule's dates need not be understood.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

export interface Zone {
  readonly name: string;
  /** East of Greenwich is positive. */
  readonly offsetSeconds: number;
}

const ZONE_FILES = '/usr/share/zoneinfo';
const LOCAL_ZONE_FILE = '/etc/localtime';

/** One or two zones of a POSIX rule; the second, daylight saving time, is an hour ahead unless it says otherwise. */
const RULE = /^(<[^>]+>|[A-Za-z]+)([-+]?[\d:]+)(?:(<[^>]+>|[A-Za-z]+)([-+]?[\d:]+)?)?/;

/** The zones that a POSIX rule names. */
export function parseZoneRule(rule: string): Zone[] {
  const match = RULE.exec(rule);
  if (match === null) return [];
  const [, standard = '', offset = '', daylight, daylightOffset] = match;
  const offsetSeconds = ruleOffset(offset);
  const zones = [{ name: bare(standard), offsetSeconds }];
  if (daylight !== undefined) {
    zones.push({
      name: bare(daylight),
      offsetSeconds: daylightOffset === undefined ? offsetSeconds + 3600 : ruleOffset(daylightOffset),
    });
  }
  return zones;
}

/** POSIX counts west of Greenwich as positive. */
function ruleOffset(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.replace(/^[-+]/, '').split(':').map(Number);
  const size = hours * 3600 + minutes * 60 + seconds;
  return text.startsWith('-') || size === 0 ? size : -size;
}

function bare(name: string): string {
  return name.startsWith('<') ? name.slice(1, -1) : name;
}

/** The footer of a TZif file of version 2 and later; '' when it has none. */
export function zoneRuleOf(file: Buffer): string {
  if (file.toString('latin1', 0, 4) !== 'TZif' || file.at(-1) !== 10) return '';
  const start = file.lastIndexOf(10, -2);
  return file.toString('latin1', start + 1, file.length - 1);
}

/** @param tz the environment's `TZ`, which goes before `/etc/localtime`. */
export function createLocalZone(
  tz = process.env['TZ'],
  localFile = LOCAL_ZONE_FILE,
): (nowMs: number) => Zone {
  const zones = parseZoneRule(readRule(tz, localFile));
  return (nowMs) => {
    // Some historic zones are off by fractions of a minute, but none is today. Taken from 0, for the sake of -0.
    const offsetSeconds = 0 - Math.round(new Date(nowMs).getTimezoneOffset() * 60);
    let zone = zones.find((known) => known.offsetSeconds === offsetSeconds);
    if (zone === undefined) {
      // Kept, for asking JavaScript is dear.
      zone = { name: fallbackName(nowMs), offsetSeconds };
      zones.push(zone);
    }
    return zone;
  };
}

function readRule(tz: string | undefined, localFile: string): string {
  const name = tz?.replace(/^:/, '');
  if (name === '') return 'UTC0';
  const file = name === undefined ? localFile : isAbsolute(name) ? name : join(ZONE_FILES, name);
  try {
    return zoneRuleOf(readFileSync(file));
  } catch {
    // No zone files on this host (a bare container): the name comes from JavaScript.
    return '';
  }
}

/** Exact for UTC and American zones; "GMT+1" and the like for others. */
function fallbackName(nowMs: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(nowMs);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

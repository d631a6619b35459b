/** TRIBUTARY_LONG=1 makes faults and observations last as long as the issues ask for. */
export const LONG = process.env['TRIBUTARY_LONG'] === '1';

/** What a scenario takes: `short` is enough to show the same in CI, `long` is what the issue asks for. */
export function either<T>(short: T, long: T): T {
  return LONG ? long : short;
}

/** How long a killed gateway stays away. */
export const OUTAGE_MS = LONG ? 60_000 : 8_000;
/** For how many seconds Prometheus scrapes without a warning. */
export const WATCH_SECONDS = LONG ? 120 : 15;

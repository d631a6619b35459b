/** TRIBUTARY_LONG=1 makes faults and observations last as long as the issues ask for. */
export const LONG = process.env['TRIBUTARY_LONG'] === '1';

/** How long a killed gateway stays away. */
export const OUTAGE_MS = LONG ? 60_000 : 8_000;
/** For how many seconds Prometheus scrapes without a warning. */
export const WATCH_SECONDS = LONG ? 120 : 15;

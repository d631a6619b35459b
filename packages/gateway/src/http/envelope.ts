/** What every answer of the API looks like: Prometheus's envelope. Times are ISO 8601 in UTC, null where there is none. */

/** The body of an error, as Prometheus's API writes it. */
export function failure(
  errorType: string,
  error: string,
): { status: 'error'; errorType: string; error: string } {
  return { status: 'error', errorType, error };
}

export function success<T>(data: T): { status: 'success'; data: T } {
  return { status: 'success', data };
}

/** What no date can be, a host may have told: it is shown as none rather than failing the whole answer. */
export function isoTime(ms: number): string | null {
  const date = new Date(ms);
  return ms === 0 || Number.isNaN(date.getTime()) ? null : date.toISOString();
}

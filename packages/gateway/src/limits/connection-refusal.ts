/**
 * Why a connection is closed before anybody spoke on it who may (docs/LIMITS.md).
 * - `total`: there are `--web.max-connections`.
 * - `address`, `handshakes`: too many of its address, or of all, have not said who they are yet.
 * - `handshake_time`: it did not say who it is in time.
 * - `idle`: it was the longest idle one of too many.
 * - `credentials`: its address came with too many bad credentials.
 */
export const CONNECTION_REFUSALS = [
  'total',
  'address',
  'handshakes',
  'handshake_time',
  'idle',
  'credentials',
] as const;

export type ConnectionRefusal = (typeof CONNECTION_REFUSALS)[number];

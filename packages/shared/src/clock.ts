/** The clock as a parameter. This file is the only one in the project that asks the system for the time of day. */

export interface Clock {
  /** Milliseconds since the Unix epoch, an integer; may step in either direction. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

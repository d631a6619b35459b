/**
 * Every bound of the wire, in one place. The gateway tells the first three in `welcome.limits`; a reporter keeps to
 * what it was told, and to these before it was told anything.
 */
export interface WireLimits {
  /** One frame's text in bytes, after inflating. */
  readonly frameBytesMax: number;
  /** Series of one host, over all the shapes that it uses at a time. */
  readonly seriesMax: number;
  /** JSON bytes of batches sent and not yet acked. */
  readonly windowBytesMax: number;
}

export const DEFAULT_LIMITS: WireLimits = {
  frameBytesMax: 1024 * 1024,
  seriesMax: 20_000,
  windowBytesMax: 4 * 1024 * 1024,
};

/** Host names: 1–253 of letters, digits, `.`, `-`, `_`. */
export const HOST_CHARS_MAX = 253;
/** Metric and label names. Prometheus has no bound of its own; none in the wild comes near. */
export const NAME_CHARS_MAX = 256;
export const LABEL_VALUE_CHARS_MAX = 2048;
export const HELP_CHARS_MAX = 4096;
/** Labels of one series, the target's included. */
export const LABELS_MAX = 64;
export const FAMILIES_PER_SHAPE_MAX = 20_000;
export const GROUPS_PER_BATCH_MAX = 1024;
/** Shapes that one epoch may have declared at a time. */
export const SHAPES_PER_EPOCH_MAX = 4096;
export const GAPS_PER_HELLO_MAX = 1024;
/** A token, in visible ASCII: it travels in a header. */
export const TOKEN_CHARS_MAX = 512;
/** A hello's text in bytes: a frame from somebody of whom nothing is known yet. */
export const HELLO_BYTES_MAX = 256 * 1024;
/** Free text of a frame: reasons, agent, os. */
export const TEXT_CHARS_MAX = 512;
/** What a reporter keeps of a message; gateways should stay well below. */
export const MESSAGE_CHARS_MAX = 4096;
/** The highest seq: the one after it must be exact too. */
export const SEQ_MAX = Number.MAX_SAFE_INTEGER - 1;
/** The latest moment, in ms since 1970: the last that can be written as a date (ECMA-262, time values). */
export const TIME_MS_MAX = 8_640_000_000_000_000;

/** A point further ahead of the gateway's clock than this is rejected (`FUTURE`). */
export const FUTURE_MS_MAX = 2 * 60_000;
/** The gateway pings this often; either end closes after `SILENCE_MS_MAX` without any frame, ping or pong. */
export const PING_INTERVAL_MS = 10_000;
export const SILENCE_MS_MAX = 25_000;
/** A reporter says hello within this, whatever else it sends. */
export const HELLO_MS_MAX = 15_000;
/** After this much silence another run of the same epoch may take the connection over. */
export const TAKEOVER_SILENCE_MS = 15_000;

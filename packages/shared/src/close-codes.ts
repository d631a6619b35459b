/**
 * The WebSocket close code of each refusal, and the plain ones. 4000–4099 are this protocol's; 1000, 1001 and 1011
 * are RFC 6455's and the IANA registry's. A number, once given, is never given another meaning.
 */
export const CLOSE_CODES = {
  DUPLICATE_HOST: 4001,
  SEQ_GAP: 4002,
  SEQ_CONFLICT: 4003,
  RATE: 4004,
  DRAINING: 4005,
  BAD_FRAME: 4010,
  FRAME_TOO_LARGE: 4011,
  SHAPE_CONFLICT: 4012,
  UNAUTHORIZED: 4020,
  REVOKED: 4021,
  NAME_TAKEN: 4022,
  VERSION: 4023,
  /** Another connection of the same host took its place. */
  REPLACED: 4030,
  /** Nothing was heard for the bound of silence. */
  SILENT: 4031,
} as const;

/** A clean end asked for by the closing end itself. */
export const CLOSE_NORMAL = 1000;
/** The program is going down. */
export const CLOSE_GOING_AWAY = 1001;
/** Something broke that is no fault of the other end; it may come back. */
export const CLOSE_INTERNAL = 1011;

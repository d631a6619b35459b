/**
 * Decodes what a gateway sends. The reporter is lenient where a newer gateway may say more: unknown kinds and codes are
 * let through, unknown fields are ignored. Wrong types still throw, since nothing sensible could follow.
 */

import type { JsonObject } from './fields.ts';
import {
  parseFrame,
  readInteger,
  readObject,
  readSeq,
  readString,
  readText,
  readTime,
  readToken,
} from './fields.ts';
import type { GatewayFrame } from './frames.ts';
import { MESSAGE_CHARS_MAX, type WireLimits } from './limits.ts';

/**
 * @returns null for a kind that this version does not know.
 * @throws RefuseError `BAD_FRAME`
 */
export function decodeGatewayFrame(text: string): GatewayFrame | null {
  const { kind, fields } = parseFrame(text);
  switch (kind) {
    case 'ack':
      return {
        kind,
        seq: readSeq(fields['seq'], 'ack.seq', 0),
        delivered: readSeq(fields['delivered'] ?? 0, 'ack.delivered', 0),
      };
    case 'welcome':
      return {
        kind,
        next: readInteger(fields['next'], 'welcome.next', 1),
        clock: readTime(fields['clock'], 'welcome.clock'),
        horizon: readTime(fields['horizon'] ?? 0, 'welcome.horizon'),
        limits: decodeLimits(readObject(fields['limits'], 'welcome.limits')),
        ...(isAbsent(fields['token']) ? {} : { token: readToken(fields['token'], 'welcome.token') }),
      };
    case 'reject':
      return {
        kind,
        seq: readSeq(fields['seq'], 'reject.seq'),
        ...(isAbsent(fields['group']) ? {} : { group: readInteger(fields['group'], 'reject.group', 0) }),
        ...decodeComplaint(fields),
      };
    case 'pace':
      return { kind, intervalMs: readInteger(fields['intervalMs'], 'pace.intervalMs', 1) };
    case 'refuse': {
      const retryAfterMs = readPause(fields['retryAfterMs']);
      return { kind, ...decodeComplaint(fields), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
    default:
      return null;
  }
}

/** The longest pause that a gateway can ask for. */
const PAUSE_MS_MAX = 24 * 3_600_000;

/** A hint, and no reason to drop the refusal that it came with: what is no number is as if it were not there. */
function readPause(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0)) return undefined;
  // -0 is a number, too.
  return Math.ceil(Math.min(value, PAUSE_MS_MAX)) + 0;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/**
 * The message is for people, and may quote names of any length: it is cut and mended, never a reason to drop the
 * connection and with it the code, which says what to do.
 */
function decodeComplaint(fields: JsonObject): { code: string; message: string } {
  return {
    code: readText(fields['code'], 'code', 64),
    message: readString(fields['message'] ?? '', 'message')
      .slice(0, MESSAGE_CHARS_MAX)
      .toWellFormed(),
  };
}

function decodeLimits(fields: JsonObject): WireLimits {
  return {
    frameBytesMax: readInteger(fields['frameBytesMax'], 'limits.frameBytesMax', 1024),
    seriesMax: readInteger(fields['seriesMax'], 'limits.seriesMax', 1),
    windowBytesMax: readInteger(fields['windowBytesMax'], 'limits.windowBytesMax', 1024),
  };
}

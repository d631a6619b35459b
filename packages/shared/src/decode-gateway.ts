/**
 * Decodes what a gateway sends. The reporter is lenient where a newer gateway may say more: unknown kinds and codes are
 * let through, unknown fields are ignored. Wrong types still throw, since nothing sensible could follow.
 */

import type { JsonObject } from './fields.ts';
import { parseFrame, readInteger, readObject, readText } from './fields.ts';
import type { GatewayFrame } from './frames.ts';
import { TEXT_CHARS_MAX, type WireLimits } from './limits.ts';

/** Messages of a gateway may quote names and so be longer than other text. */
const MESSAGE_CHARS_MAX = 8 * TEXT_CHARS_MAX;

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
        seq: readInteger(fields['seq'], 'ack.seq', 0),
        delivered: readInteger(fields['delivered'] ?? 0, 'ack.delivered', 0),
      };
    case 'welcome':
      return {
        kind,
        next: readInteger(fields['next'], 'welcome.next', 1),
        clock: readInteger(fields['clock'], 'welcome.clock', 0),
        horizon: readInteger(fields['horizon'] ?? 0, 'welcome.horizon', 0),
        limits: decodeLimits(readObject(fields['limits'], 'welcome.limits')),
      };
    case 'reject':
      return {
        kind,
        seq: readInteger(fields['seq'], 'reject.seq', 1),
        ...(fields['group'] === undefined ? {} : { group: readInteger(fields['group'], 'reject.group', 0) }),
        ...decodeComplaint(fields),
      };
    case 'pace':
      return { kind, intervalMs: readInteger(fields['intervalMs'], 'pace.intervalMs', 1) };
    case 'refuse':
      return {
        kind,
        ...decodeComplaint(fields),
        ...(fields['retryAfterMs'] === undefined
          ? {}
          : { retryAfterMs: readInteger(fields['retryAfterMs'], 'refuse.retryAfterMs', 0) }),
      };
    default:
      return null;
  }
}

function decodeComplaint(fields: JsonObject): { code: string; message: string } {
  return {
    code: readText(fields['code'], 'code', 64),
    message: readText(fields['message'] ?? '', 'message', MESSAGE_CHARS_MAX),
  };
}

function decodeLimits(fields: JsonObject): WireLimits {
  return {
    frameBytesMax: readInteger(fields['frameBytesMax'], 'limits.frameBytesMax', 1024),
    seriesMax: readInteger(fields['seriesMax'], 'limits.seriesMax', 1),
    windowBytesMax: readInteger(fields['windowBytesMax'], 'limits.windowBytesMax', 1024),
  };
}

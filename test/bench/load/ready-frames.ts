/**
 * WebSocket frames with what a reporter's compressor makes (RFC 7692, its context kept over messages), made once for many hosts: ten
 * thousand compressors would take more of this machine than the gateway does. Hosts are of so many kinds, and those of one say the
 * same; nothing in a gateway compresses one host by another. A message is the head, which is each host's own and stands there as it
 * is (a stored block, RFC 1951, 3.2.4), and the groups, compressed with the host's message before as their context: some 60 bytes
 * more than a reporter's own.
 */
import { deflateRawSync, constants as zlib } from 'node:zlib';
import { encodeBatchFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import { Bodies, TICKS } from './bodies.ts';
import type { TemplateGroup } from './template.ts';

const KINDS = 100;
/** What of the past a compressor can look back to. */
const WINDOW_BYTES = 32 * 1024;
/** What a message ends with, and is sent without (RFC 7692, 7.2.1). */
const TRAILER_BYTES = 4;
/** Closes the frame of a batch behind its groups. */
const TAIL = '}';
/** A byte that no message has: the head before the groups counts for distances, but is not known here. */
const UNKNOWN = '\0';
/** A text of one frame, compressed. */
const FIRST_BYTE = 0xc1;
const MASKED = 0x80;
const LENGTH_OF_16_BITS = 126;
/** A client has to mask what it sends; with zeros the gateway would be spared the work. */
const MASK = Buffer.from([0x5a, 0xc3, 0x17, 0x9e]);

export class ReadyFrames {
  /** In this order, before all batches of a connection. */
  readonly shapes: readonly Buffer[];
  readonly #bodies: Bodies;
  readonly #groups = new Map<string, Buffer>();

  constructor(groups: readonly TemplateGroup[]) {
    this.#bodies = new Bodies(groups, KINDS);
    const texts = groups.map(({ shape }, i) => encodeShapeFrame(i + 1, encodeShapeBody(shape)));
    this.shapes = texts.map((text, i) => framed(compressed(text, texts.slice(0, i).join(''))));
  }

  /** @param follows whether the host's batch before was the message before, on this connection */
  batch(host: number, seq: number, at: number, follows: boolean): Buffer {
    const kind = host % KINDS;
    const head = encodeBatchFrame(seq, at, '').slice(0, -TAIL.length);
    const key = `${kind} ${seq % TICKS} ${follows ? head.length : ''}`;
    let groups = this.#groups.get(key);
    if (groups === undefined) {
      const before = `${this.#bodies.of(kind, seq + TICKS - 1)}${TAIL}${UNKNOWN.repeat(head.length)}`;
      groups = compressed(`${this.#bodies.of(kind, seq)}${TAIL}`, follows ? before : '');
      this.#groups.set(key, groups);
    }
    return framed(stored(head), groups);
  }
}

function compressed(text: string, context: string): Buffer {
  const dictionary = Buffer.from(context).subarray(-WINDOW_BYTES);
  const whole = deflateRawSync(text, {
    finishFlush: zlib.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 ? { dictionary } : {}),
  });
  return whole.subarray(0, -TRAILER_BYTES);
}

function stored(text: string): Buffer {
  const block = Buffer.from(`\0\0\0\0\0${text}`);
  const length = block.length - 5;
  block.writeUInt16LE(length, 1);
  block.writeUInt16LE(~length & 0xffff, 3);
  return block;
}

function framed(...parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (MASK[i % MASK.length] ?? 0);
  const isShort = payload.length < LENGTH_OF_16_BITS;
  const length = [payload.length >> 8, payload.length & 0xff];
  const head = isShort ? [MASKED | payload.length] : [MASKED | LENGTH_OF_16_BITS, ...length];
  return Buffer.concat([Buffer.from([FIRST_BYTE, ...head]), MASK, payload]);
}

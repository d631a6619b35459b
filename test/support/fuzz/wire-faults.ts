/** What breaks below the frames of the protocol: WebSocket frames as no library would send them. */
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import type { Random } from '@tributary/shared/random';
import { deflate, encodeCompressed, encodeFrame, OPCODES } from './web-socket.ts';

const MAX = DEFAULT_LIMITS.frameBytesMax;
/** A message of 16 KB that inflates to 16 times what the gateway takes. */
const BOMB = encodeFrame(deflate(Buffer.alloc(16 * MAX, '['), 9), { reserved: 4 });

type Fault = (text: Buffer, random: Random) => Buffer;

const { continuation, binary, close, ping, pong, text: textual } = OPCODES;

function bytesOf(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** In pieces, with pings in between, as is allowed. */
function inPieces(text: Buffer, random: Random, pieceMax: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = Math.min(text.length, at + 1 + random.below(pieceMax));
    const opcode = at === 0 ? textual : continuation;
    pieces.push(encodeFrame(text.subarray(at, end), { opcode, fin: end === text.length }));
    if (random() < 0.1) pieces.push(encodeFrame(Buffer.from('x'), { opcode: ping }));
    at = end;
  }
  return Buffer.concat(pieces);
}

/** Each takes a sound frame's text and gives what is sent in its place. */
export const WIRE_FAULTS: Readonly<Record<string, Fault>> = {
  unmasked: (text) => encodeFrame(text, { masked: false }),
  'reserved bits': (text, random) => encodeFrame(text, { reserved: 1 + random.below(3) }),
  'compressed, or said to be': (text) => encodeFrame(text, { reserved: 4 }),
  'garbage compressed': (_, random) => encodeFrame(bytesOf(200, random), { reserved: 4 }),
  'a compressed end missing': (text, random) => {
    const bytes = deflate(text);
    return encodeFrame(bytes.subarray(0, random.below(bytes.length)), { reserved: 4 });
  },
  'a bit of the compressed flipped': (text, random) => {
    const bytes = deflate(text);
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return encodeFrame(bytes, { reserved: 4 });
  },
  'a deflate bomb': () => BOMB,
  'a bomb in pieces': (_, random) => {
    const at = 1 + random.below(BOMB.length / 2);
    const bytes = deflate(Buffer.alloc(4 * MAX, ' '));
    const first = encodeFrame(bytes.subarray(0, at), { reserved: 4, fin: false });
    return Buffer.concat([first, encodeFrame(bytes.subarray(at), { opcode: continuation })]);
  },
  'just above the limit': () => encodeFrame(Buffer.alloc(MAX + 1, ' ')),
  'just below the limit': () => encodeFrame(Buffer.alloc(MAX, ' ')),
  'above the limit when inflated': () => encodeCompressed(Buffer.alloc(MAX + 1, ' ')),
  'an unknown opcode': (text, random) =>
    encodeFrame(text, { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) }),
  binary: (text) => encodeFrame(text, { opcode: binary }),
  'a continuation of nothing': (text) => encodeFrame(text, { opcode: continuation }),
  'text within a text': (text) => Buffer.concat([encodeFrame(text, { fin: false }), encodeFrame(text)]),
  'in pieces': (text, random) => inPieces(text, random, 1 + random.below(40)),
  'byte by byte': (text, random) => inPieces(text, random, 1),
  'pieces without an end': (text) => encodeFrame(text, { fin: false }),
  'empty pieces': (text) =>
    Buffer.concat([
      encodeFrame(Buffer.alloc(0), { fin: false }),
      ...Array.from({ length: 200 }, () =>
        encodeFrame(Buffer.alloc(0), { opcode: continuation, fin: false }),
      ),
      encodeFrame(text, { opcode: continuation }),
    ]),
  'invalid UTF-8': (text, random) =>
    encodeFrame(
      Buffer.concat([text, Buffer.from(random.pick(['c328', 'eda080', 'f8888080', 'ff', 'c0af']), 'hex')]),
    ),
  'a length of eight bytes for a few': (text) => encodeFrame(text, { lengthBytes: 8 }),
  'a length beyond all bounds': (text, random) =>
    encodeFrame(text, { lengthBytes: 8, length: random.pick([2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 * 512]) }),
  'a length that never comes': (text) => encodeFrame(text, { length: text.length + 1000, lengthBytes: 2 }),
  'pings of every size': () =>
    Buffer.concat(
      Array.from({ length: 126 }, (_, size) => encodeFrame(Buffer.alloc(size, 'p'), { opcode: ping })),
    ),
  'pongs that nobody asked for': () =>
    Buffer.concat(
      Array.from({ length: 126 }, (_, size) => encodeFrame(Buffer.alloc(size, 'p'), { opcode: pong })),
    ),
  'a control frame that is too long': (_, random) =>
    encodeFrame(Buffer.alloc(126 + random.below(200), 'p'), { opcode: random.pick([close, ping, pong]) }),
  'a control frame in pieces': () => encodeFrame(Buffer.from('p'), { opcode: ping, fin: false }),
  'a close of one byte': () => encodeFrame(Buffer.from([3]), { opcode: close }),
  'a close of an odd code': (_, random) => {
    const payload = bytesOf(2 + random.below(123), random);
    payload.writeUInt16BE(random.pick([0, 999, 1000, 1004, 1005, 1006, 1015, 2999, 4999, 65_535]), 0);
    return encodeFrame(payload, { opcode: close });
  },
  'a close, and more': (text) =>
    Buffer.concat([encodeFrame(Buffer.from([3, 232]), { opcode: close }), encodeFrame(text)]),
  noise: (_, random) => bytesOf(1 + random.below(400), random),
};

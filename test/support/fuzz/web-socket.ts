/**
 * A WebSocket client without manners, on a plain TCP socket: what it sends is bytes that somebody else made, right or
 * wrong. Of what comes back it understands whole text frames and closes, which is all that a gateway sends.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The three reserved bits; 4 says that the message is compressed. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** The bytes of the length field: 1, 2 or 8 more; what the payload needs unless given. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** What the header says; the payload's own length unless given. */
  readonly length?: number;
}

/** One frame of RFC 6455, or what looks like one. */
export function encodeFrame(payload: Buffer, options: FrameOptions = {}): Buffer {
  const { opcode = OPCODES.text, fin = true, reserved = 0, masked = true, length = payload.length } = options;
  const lengthBytes = options.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const header = Buffer.alloc(2 + lengthBytes + (masked ? 4 : 0));
  header[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) header.writeUInt16BE(length & 0xffff, 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(length), 2);
  const body = Buffer.from(payload);
  if (masked) {
    const mask = randomBytes(4);
    mask.copy(header, header.length - 4);
    for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (mask[i & 3] ?? 0);
  }
  return Buffer.concat([header, body]);
}

/** A message as permessage-deflate has it (RFC 7692), each with a context of its own, which is always allowed. */
export function encodeCompressed(payload: Buffer): Buffer {
  return encodeFrame(deflate(payload), { reserved: 4 });
}

export function deflate(payload: Buffer, level = 1): Buffer {
  const bytes = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, level });
  return bytes.subarray(0, bytes.length - 4);
}

export function upgradeRequest(port: number, compressed: boolean, headers: readonly string[] = []): string {
  return [
    'GET /v1/stream HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: tributary.v1',
    ...(compressed ? ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] : []),
    ...headers,
    '\r\n',
  ].join('\r\n');
}

export type Answer = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** Why a wait ended. */
export type Heard = 'yes' | 'closed' | 'silence';

export class RawSocket {
  /** The status of the answer to the upgrade; 0 until there is one. */
  status = 0;
  /** Of the gateway's close frame; 0 for none. */
  closeCode = 0;
  readonly answers: Answer[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #listeners = new Set<() => void>();
  #unread: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // A reset ends in `close`, too.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.isClosed = true;
      this.#notify();
    });
  }

  write(bytes: Buffer | string): void {
    if (!this.isClosed) this.#socket.write(bytes);
  }

  /** Waits until `wanted` holds, the other end has closed, or nothing was heard for a time. */
  async until(wanted: () => boolean, silenceMs: number): Promise<Heard> {
    const { promise, resolve } = Promise.withResolvers<Heard>();
    const timer = setTimeout(() => resolve('silence'), silenceMs);
    const look = () => {
      if (wanted()) resolve('yes');
      else if (this.isClosed) resolve('closed');
      else timer.refresh();
    };
    this.#listeners.add(look);
    look();
    const heard = await promise;
    clearTimeout(timer);
    this.#listeners.delete(look);
    return heard;
  }

  find(kind: string): Answer | undefined {
    return this.answers.find((answer) => answer.kind === kind);
  }

  /** The highest seq that was acked; 0 for none. */
  get acked(): number {
    return this.answers.reduce(
      (seq, answer) => (answer.kind === 'ack' ? Math.max(seq, Number(answer['seq'])) : seq),
      0,
    );
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** Says no more, and lets the other end finish. */
  end(): void {
    this.#socket.end();
  }

  #take(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    if (this.status === 0 && !this.#takeHead()) return;
    if (this.status === 101) while (this.#takeFrame());
    else this.#unread = Buffer.alloc(0);
    this.#notify();
  }

  #takeHead(): boolean {
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end < 0) return false;
    this.status = Number(this.#unread.subarray(9, 12).toString()) || -1;
    this.#unread = this.#unread.subarray(end + 4);
    return true;
  }

  /** Frames of a server are short here, never masked and never in pieces. */
  #takeFrame(): boolean {
    const [first, second] = this.#unread;
    if (first === undefined || second === undefined) return false;
    const extra = second === 126 ? 2 : second === 127 ? 8 : 0;
    if (this.#unread.length < 2 + extra) return false;
    const length =
      extra === 0
        ? second
        : extra === 2
          ? this.#unread.readUInt16BE(2)
          : Number(this.#unread.readBigUInt64BE(2));
    const end = 2 + extra + length;
    if (this.#unread.length < end) return false;
    const payload = this.#unread.subarray(2 + extra, end);
    const opcode = first & 15;
    if (opcode === OPCODES.text) this.answers.push(JSON.parse(payload.toString()) as Answer);
    if (opcode === OPCODES.close && length >= 2) this.closeCode = payload.readUInt16BE(0);
    if (opcode === OPCODES.ping) this.write(encodeFrame(payload, { opcode: OPCODES.pong }));
    this.#unread = this.#unread.subarray(end);
    return true;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

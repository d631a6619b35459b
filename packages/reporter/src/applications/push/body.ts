/** Reads the body of a push: bounded as it comes in and as it is unpacked, and as all of those that come in at a time. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PushError } from './push-error.ts';

export interface BodyLimits {
  /** Of one body, packed or not. */
  readonly bytesMax: number;
  /** Of all that are being read. */
  readonly bytesInAllMax: number;
}

export const BODY_LIMITS: BodyLimits = { bytesMax: 2 * 1024 * 1024, bytesInAllMax: 8 * 1024 * 1024 };

export class BodyReader {
  readonly #limits: BodyLimits;
  /** Of all bodies that are being read or used. */
  #bytes = 0;

  constructor(limits: BodyLimits = BODY_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Reads a body and calls `use` with its text, at once and once.
   * @throws PushError for what cannot be read, or is too large: what is left of the body is then not read.
   */
  async read<T>(request: IncomingMessage, use: (text: string) => T): Promise<T> {
    checkType(request.headers['content-type']);
    const packed = isPacked(request.headers['content-encoding']);
    const { bytesMax } = this.#limits;
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
    const held = { bytes: 0 };
    try {
      const raw = await this.#collect(request, held);
      const bytes = packed ? await this.#unpack(raw, held) : raw;
      if (!isUtf8(bytes)) throw new PushError('format', 'the body is no UTF-8');
      return use(bytes.toString('utf8'));
    } finally {
      this.#bytes -= held.bytes;
    }
  }

  async #collect(request: IncomingMessage, held: { bytes: number }): Promise<Buffer> {
    const chunks: Buffer[] = [];
    try {
      // The connection is still needed for the answer.
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const bytes: Buffer = chunk;
        this.#hold(held, bytes.length);
        if (held.bytes > this.#limits.bytesMax) throw tooLarge(this.#limits.bytesMax);
        chunks.push(bytes);
      }
    } catch (error) {
      if (error instanceof PushError) throw error;
      throw new PushError('aborted', 'the body did not come to its end');
    }
    return Buffer.concat(chunks);
  }

  /** Piece by piece: a packed body is a thousandth of what it may become, and many may come at a time. */
  async #unpack(raw: Buffer, held: { bytes: number }): Promise<Buffer> {
    const { bytesMax } = this.#limits;
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of Readable.from([raw]).pipe(createGunzip()) as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > bytesMax) throw tooLarge(bytesMax);
        this.#hold(held, chunk.length);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof PushError) throw error;
      throw new PushError('format', `the body is no gzip: ${(error as Error).message}`);
    }
    return Buffer.concat(chunks);
  }

  #hold(held: { bytes: number }, bytes: number): void {
    held.bytes += bytes;
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bytesInAllMax)
      throw new PushError('busy', 'too much is being pushed at a time; try again');
  }
}

/** Everything is tried as text, as Pushgateway does, but for what says itself that it is something else. */
function checkType(type = ''): void {
  if (!/^application\/(vnd\.google\.protobuf|x-protobuf)/i.test(type)) return;
  throw new PushError('content_type', 'protocol buffers are not taken; push the text format 0.0.4');
}

function isPacked(encoding = ''): boolean {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return false;
  if (name === 'gzip') return true;
  throw new PushError('encoding', 'the only Content-Encoding that is taken is gzip');
}

function tooLarge(bytesMax: number): PushError {
  return new PushError('too_large', `the body is larger than ${bytesMax} bytes`);
}

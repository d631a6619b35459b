/**
 * Inflates reporters' frames at once, on the event loop. `ws` has zlib's threads do it, three turns for each frame, which for frames of
 * a kilobyte costs fifteen times what the inflating itself does (120 µs beside 8, for 657 bytes that become 5,024). What was read in
 * one piece may be many frames that become a mebibyte each: when they have become much, the next waits for another turn.
 *
 * Node has no public way to inflate a part of a stream at once. What its own synchronous functions use, a stream's handle, is
 * used here; should a later Node lose that, `ws` goes on as it always did.
 */
import { constants, createInflateRaw, type InflateRaw } from 'node:zlib';

/** RFC 7692, 7.2.2: cut off by the sender of each message. */
const TRAILER = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** A block of a type that there is not (RFC 1951, 3.2.3). */
const BROKEN = Buffer.from([0x07]);
/** The output is gathered in pieces of this size; most frames are one. */
const PIECE_BYTES = 64 * 1024;
/** What one connection's frames may become in a turn of the event loop, with the last of them. */
const TURN_BYTES_MAX = 64 * 1024;
/** What a frame counts for beside what it becomes: thousands of tiny ones fit into one piece. */
const FRAME_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

interface Handle {
  writeSync(
    flush: number,
    input: Buffer,
    inputOffset: number,
    inputLength: number,
    output: Buffer,
    outputOffset: number,
    outputLength: number,
  ): void;
}

interface Internals {
  readonly _handle?: Partial<Handle> | null;
  /** What was left of the output and of the input. */
  readonly _writeState?: Uint32Array;
  /** How the handle tells of errors. */
  onerror?: unknown;
}

/** Of `ws`, as far as it is needed here. */
export interface DeflateExtension {
  readonly params?: Readonly<Record<string, unknown>> | null;
  _maxPayload: number;
  decompress(data: Buffer, fin: boolean, done: (error: Error | null, data?: Buffer) => void): void;
  cleanup(): void;
}

const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);

/**
 * Has an extension inflate at once. It changes nothing where Node does not have what that takes.
 * @param isUnwanted what comes now is thrown away, so it need not be inflated.
 */
export function inflateAtOnce(extension: DeflateExtension, isUnwanted: () => boolean): void {
  const { decompress, cleanup } = extension;
  let inflater: Inflater | null = null;
  let bytesInTurn = 0;
  extension.decompress = (data, fin, done) => {
    if (isUnwanted()) return process.nextTick(done, null, NOTHING);
    // Not before: whoever says nothing needs none.
    inflater ??= Inflater.create(extension.params?.['client_max_window_bits']);
    if (inflater === null) {
      extension.decompress = decompress;
      return extension.decompress(data, fin, done);
    }
    const inflated = inflater.inflate(data, fin, extension._maxPayload);
    // It has errors of its own for what cannot be inflated, with the code to close with.
    if (inflated === null) return decompress.call(extension, BROKEN, true, done);
    if (fin && extension.params?.['client_no_context_takeover'] === true) inflater.reset();
    bytesInTurn += FRAME_BYTES + inflated.length;
    // Called from within, it would tell twice that what was read is done with.
    if (bytesInTurn < TURN_BYTES_MAX) return process.nextTick(done, null, inflated);
    bytesInTurn = 0;
    setImmediate(done, null, inflated);
  };
  extension.cleanup = () => {
    inflater?.close();
    cleanup.call(extension);
  };
}

class Inflater {
  readonly #stream: InflateRaw;
  readonly #handle: Handle;
  readonly #state: Uint32Array;
  #hasFailed = false;
  #isClosed = false;

  private constructor(stream: InflateRaw, handle: Handle, state: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#state = state;
    (handle as Internals).onerror = () => {
      this.#hasFailed = true;
    };
  }

  /** @returns null where Node does not have what this takes. */
  static create(windowBits: unknown): Inflater | null {
    // Its own buffer is not used.
    const stream = createInflateRaw({
      chunkSize: constants.Z_MIN_CHUNK,
      ...(typeof windowBits === 'number' ? { windowBits } : {}),
    });
    // Not in the typings, since it is not public: looked at before it is used.
    const { _handle: handle, _writeState: state } = stream as unknown as Internals;
    if (typeof handle?.writeSync === 'function' && state instanceof Uint32Array)
      return new Inflater(stream, handle as Handle, state);
    stream.close();
    return null;
  }

  /** @returns what a part of the stream becomes, no more than a piece above `bytesMax`; null when it cannot be inflated. */
  inflate(data: Buffer, fin: boolean, bytesMax: number): Buffer | null {
    if (this.#isClosed || this.#hasFailed) return null;
    const input = fin ? Buffer.concat([data, TRAILER]) : data;
    const pieces: Buffer[] = [];
    let bytes = 0;
    let left = input.length;
    let isFull: boolean;
    do {
      const from = input.length - left;
      this.#handle.writeSync(constants.Z_SYNC_FLUSH, input, from, left, piece, 0, PIECE_BYTES);
      // The handle's callback may have said so meanwhile.
      if (this.#hasFailed as boolean) return null;
      const [outputLeft = 0, inputLeft = 0] = this.#state;
      isFull = outputLeft === 0;
      left = inputLeft;
      bytes += PIECE_BYTES - outputLeft;
      pieces.push(Buffer.from(piece.subarray(0, PIECE_BYTES - outputLeft)));
    } while (isFull && bytes <= bytesMax);
    // The sender has ended its stream, as it may with each message: nothing that follows looks back on it.
    if (!isFull && left > 0) this.reset();
    return pieces.length === 1 ? (pieces[0] ?? null) : Buffer.concat(pieces);
  }

  reset(): void {
    this.#stream.reset();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.close();
  }
}

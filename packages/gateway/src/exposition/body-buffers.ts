/**
 * The buffers of one body. Those that are given back are used again: memory that is new for each chunk would be sixty megabytes a
 * scrape of a large fleet, and have the garbage collector go through the whole heap for it.
 */

/** A larger one was needed for one odd piece, and is not kept. */
const KEPT_BYTES_MAX = 1024 * 1024;

export class BodyBuffers {
  /** By the memory that a view of them tells. */
  readonly #taken = new WeakMap<ArrayBufferLike, Buffer>();
  readonly #free: Buffer[] = [];

  /** A buffer of at least so many bytes, of any content. */
  take(bytes: number): Buffer {
    const last = this.#free.pop();
    const buffer = last !== undefined && last.length >= bytes ? last : Buffer.allocUnsafeSlow(bytes);
    this.#taken.set(buffer.buffer, buffer);
    return buffer;
  }

  /** @param chunk a view of a buffer that was taken, which nobody reads any more; any other is left alone */
  give(chunk: Buffer): void {
    const buffer = this.#taken.get(chunk.buffer);
    if (buffer === undefined) return;
    this.#taken.delete(chunk.buffer);
    if (buffer.length <= KEPT_BYTES_MAX) this.#free.push(buffer);
  }
}

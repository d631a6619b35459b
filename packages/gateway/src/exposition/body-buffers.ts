/**
 * The buffers of one body. Those that are given back are used again: memory that is new for each chunk would be sixty megabytes a
 * scrape of a large fleet, and have the garbage collector go through the whole heap for it.
 */
export class BodyBuffers {
  readonly #free: Buffer[] = [];

  /** A buffer of at least so many bytes, of any content. */
  take(bytes: number): Buffer {
    const last = this.#free.pop();
    return last !== undefined && last.length >= bytes ? last : Buffer.allocUnsafeSlow(bytes);
  }

  /** @param chunk a view, from its beginning on, of a buffer that was taken; nobody reads it any more */
  give(chunk: Buffer): void {
    this.#free.push(Buffer.from(chunk.buffer));
  }
}

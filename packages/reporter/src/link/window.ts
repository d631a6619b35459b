/** What was sent and not acked: the window of `windowBytesMax`. */

interface Sent {
  /** The seq that an ack must reach. */
  readonly seq: number;
  readonly bytes: number;
}

export class Window {
  #inFlight: Sent[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The lowest seq in flight; null when nothing is. */
  get first(): number | null {
    return this.#inFlight[0]?.seq ?? null;
  }

  /** True when so much more may be in flight; one frame always may, whatever its size. */
  fits(bytes: number, bytesMax: number): boolean {
    return this.#inFlight.length === 0 || this.#bytes + bytes <= bytesMax;
  }

  sent(seq: number, bytes: number): void {
    this.#inFlight.push({ seq, bytes });
    this.#bytes += bytes;
  }

  acked(seq: number): void {
    let count = 0;
    for (const sent of this.#inFlight) {
      if (sent.seq > seq) break;
      this.#bytes -= sent.bytes;
      count++;
    }
    this.#inFlight = this.#inFlight.slice(count);
  }

  clear(): void {
    this.#inFlight = [];
    this.#bytes = 0;
  }
}

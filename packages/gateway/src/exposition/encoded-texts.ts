/** A list of texts as UTF-8, one behind the other in a buffer that is used again for the next list. */

/** UTF-8 of one UTF-16 code unit. */
export const BYTES_PER_CHAR_MAX = 3;

export class EncodedTexts {
  /** The texts', and more behind them. */
  bytes: Buffer = Buffer.alloc(0);
  /** Where each text ends, and more behind that. */
  ends: Uint32Array = new Uint32Array(0);
  /** Of all texts together, in bytes. */
  length = 0;

  encode(texts: readonly string[]): void {
    const all = texts.length === 1 ? (texts[0] ?? '') : texts.join('');
    const room = all.length * BYTES_PER_CHAR_MAX;
    if (this.bytes.length < room) this.bytes = Buffer.allocUnsafeSlow(room);
    if (this.ends.length < texts.length) this.ends = new Uint32Array(texts.length);
    this.length = this.bytes.write(all, 0, 'utf8');
    const isAscii = this.length === all.length;
    let end = 0;
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] ?? '';
      end += isAscii ? text.length : Buffer.byteLength(text, 'utf8');
      this.ends[i] = end;
    }
  }
}

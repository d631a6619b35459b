/** FNV-1a, 32 bits, over the text's UTF-8 bytes. Hosts are spread by it: over ticks and over `shard=I/N`. */

const encoder = new TextEncoder();

export function fnv1a32(text: string): number {
  return fnv1a32Bytes(encoder.encode(text));
}

export function fnv1a32Bytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

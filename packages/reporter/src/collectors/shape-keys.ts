/**
 * A number for each series of a shape, by which two shapes are seen to have one in common. Equal series have equal numbers;
 * different ones as good as always different ones, since there are 2^53 of them.
 */
import type { Labels, Shape } from '@tributary/shared/shape';

/** In the order of the shape's series. */
export function shapeKeys({ labels, families }: Shape): Float64Array {
  // Without the label the instance is the host, with an empty one there is none.
  const target = textOf(labels) + (labels['instance'] === '' ? 'instance' : '');
  const keys: number[] = [];
  for (const { name, series } of families)
    for (const [suffix, own] of series) keys.push(textNumber(`${name}${suffix}\0${textOf(own)}\0${target}`));
  return Float64Array.from(keys);
}

function textOf(labels: Labels): string {
  const names = Object.keys(labels).sort();
  let text = '';
  for (const name of names) if (labels[name] !== '') text += `${name}\0${labels[name]}\0`;
  return text;
}

/** Of 53 bits: two hashes of the characters, joined. */
export function textNumber(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x2f0b4f1d;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
    b ^= b >>> 15;
  }
  return (a >>> 0) * 2 ** 21 + ((b ^ a) >>> 11);
}

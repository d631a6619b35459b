/**
 * Writes an exposition by a layout, in chunks, so that the caller can give the event loop its turn between them.
 *
 * Order (docs/PROTOCOL.md, "Exposition"): family; within it the own series, then the hosts' by shape, host and metric;
 * a metric's points oldest first; a point's lines as the shape has them. Everything but values and times is shared
 * text made at admission, so a line costs one concatenation and one number.
 */
import type { HostInput, HostPoints, OwnFamily } from './input.ts';
import { type Layout, linesByShape } from './layout.ts';
import type { Lines } from './lines.ts';
import { createOwnText, type Tally } from './own-lines.ts';
import { createStamps, hostText, metricText, type Stamps } from './point-text.ts';
import { createRestatements, type Restated, restatedText } from './restated.ts';

/** Characters of a chunk; it ends with the piece that passes them. */
const CHUNK_CHARS = 64 * 1024;
/** Lines of a piece, unless a single point of a metric has more. */
const PIECE_LINES_MAX = 512;
/** A chunk ends here too, however little is in it: looking at lines that are not shown takes time as well. */
const CHUNK_LINES_MAX = 16_384;

/**
 * @param layout made for all of `input`'s shapes and for `own`.
 * @param own each family is read once, when the body gets there.
 * @param tally is brought up to date with each chunk.
 * @returns chunks; one is empty where much was looked at and nothing of it is shown.
 * @throws Error when the input has a shape that the layout does not know: its values would be missing in silence.
 */
export function* render(
  layout: Layout,
  input: HostInput,
  own: readonly OwnFamily[],
  tally: Tally = { own: 0, chars: 0 },
): Generator<string, void, undefined> {
  for (const chunk of chunksOf(layout, input, own, tally)) {
    tally.chars += chunk.length;
    yield chunk;
  }
}

function* chunksOf(
  layout: Layout,
  input: HostInput,
  own: readonly OwnFamily[],
  tally: Tally,
): Generator<string, void, undefined> {
  for (const shape of input.keys()) {
    if (!layout.counts.has(shape)) throw new Error(`the layout does not know the shape ${shape.hash}`);
  }
  const hosts = layout.shapes.map((shape) => input.get(shape) ?? []);
  const stamps = createStamps(layout.format);
  const ownText = createOwnText(own, tally);
  const restatedOf = createRestatements(layout, hosts);
  const chunk = new Chunk();
  for (const family of layout.families) {
    chunk.header = family.header;
    for (const member of family.own) {
      for (const piece of ownText(member)) if (chunk.add(piece)) yield chunk.take();
    }
    const restated = restatedOf(family);
    for (const [lines, list] of linesByShape(layout, family, hosts)) {
      for (let next = 0; next < list.length; ) {
        next = addHosts(chunk, lines, list, next, restated, stamps);
        const large = chunk.full ? undefined : list[next];
        if (chunk.full) yield chunk.take();
        if (large === undefined) continue;
        next++;
        for (const piece of largeText(lines, large, stamps)) {
          if (chunk.add(piece, PIECE_LINES_MAX)) yield chunk.take();
        }
      }
    }
    if (restated !== null) {
      for (const piece of restatedText(family, restated, stamps)) if (chunk.add(piece)) yield chunk.take();
    }
  }
  if (layout.format === 'openmetrics') chunk.end('# EOF\n');
  if (chunk.text !== '') yield chunk.take();
}

/** The text that has not been handed on yet. */
class Chunk {
  text = '';
  /** Of the current family; written before its first line, and so never where nothing of it is shown. */
  header = '';
  /** Looked at, shown or not. */
  #lines = 0;

  get full(): boolean {
    return this.text.length >= CHUNK_CHARS || this.#lines >= CHUNK_LINES_MAX;
  }

  /**
   * @param lines that were looked at for it.
   * @returns whether it is time to `take`.
   */
  add(piece: string, lines = 1): boolean {
    this.#lines += lines;
    if (piece === '') return this.full;
    if (this.header !== '') {
      this.text += this.header;
      this.header = '';
    }
    this.text += piece;
    return this.full;
  }

  end(text: string): void {
    this.text += text;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    this.#lines = 0;
    return text;
  }
}

/**
 * Adds hosts until the chunk is full or one comes that is too large for a piece: no generator, since half a million
 * steps of one cost more than the lines.
 * @returns the place of the first host that was not added.
 */
function addHosts(
  chunk: Chunk,
  lines: Lines,
  hosts: readonly HostPoints[],
  from: number,
  restated: Restated | null,
  stamps: Stamps,
): number {
  const perPoint = lines.prefixes.length;
  for (let i = from; i < hosts.length; i++) {
    const host = hosts[i];
    if (host === undefined || restated?.has(host.host)) continue;
    const count = host.points.length * perPoint;
    if (count > PIECE_LINES_MAX) return i;
    if (chunk.add(hostText(lines, host, stamps), count)) return i + 1;
  }
  return hosts.length;
}

/** A host's lines by metrics, and these by points, in pieces. */
function* largeText(lines: Lines, host: HostPoints, stamps: Stamps): Generator<string, void, undefined> {
  const { starts } = lines;
  const count = host.points.length;
  for (let m = 0; m + 1 < starts.length; m++) {
    const perPoint = (starts[m + 1] ?? 0) - (starts[m] ?? 0);
    const step = Math.max(1, Math.floor(PIECE_LINES_MAX / perPoint));
    for (let p = 0; p < count; p += step)
      yield metricText(lines, m, host, p, Math.min(p + step, count), stamps);
  }
}

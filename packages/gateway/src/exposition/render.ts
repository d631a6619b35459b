/**
 * Writes an exposition by a layout, in chunks, so that the caller can give the event loop its turn between them.
 *
 * Order (docs/PROTOCOL.md, "Exposition"): family; within it the own series, then the hosts' by shape, host and metric;
 * a metric's points oldest first; a point's lines as the shape has them.
 */
import { BodyBuffers } from './body-buffers.ts';
import { BodyWriter } from './body-writer.ts';
import { writeHost, writeMetric } from './host-lines.ts';
import type { HostInput, HostPoints, OwnFamily } from './input.ts';
import { type HostsByShape, type Layout, linesByShape } from './layout.ts';
import type { Lines } from './lines.ts';
import { createOwnText, type Tally } from './own-lines.ts';
import { createRestatements, type Restated, writeRestated } from './restated.ts';
import { RowPages, Rows } from './rows.ts';

/**
 * Bytes of a chunk; it ends with the piece that passes them, so it is somewhat less than a buffer has. It is what zlib gets at a
 * time, and what comes of it goes out at a time, and each time costs.
 */
const CHUNK_BYTES = 896 * 1024;
/** Lines of a piece, unless a single point of a metric has more. */
const PIECE_LINES_MAX = 512;
/** A chunk ends here too, however little is in it: looking at lines that are not shown takes time as well. */
const CHUNK_LINES_MAX = 16_384;
/** A line of the gateway's own is made of strings, and takes as long as so many of the hosts'. */
const OWN_LINE = 8;

/** What a body is made in. */
export interface BodyMemory {
  /** Of the chunks; whoever is done with one may give it back there. */
  readonly buffers: BodyBuffers;
  /** Of the points, which get back there with the last chunk, or when the generator is told to return. */
  readonly pages: RowPages;
}

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
  tally: Tally = { own: 0, bytes: 0 },
  memory: BodyMemory = { buffers: new BodyBuffers(), pages: new RowPages() },
): Generator<Buffer, void, undefined> {
  for (const shape of input.keys()) {
    if (!layout.counts.has(shape)) throw new Error(`the layout does not know the shape ${shape.hash}`);
  }
  const hosts = layout.shapes.map((shape) => input.get(shape) ?? []);
  const shapes = layout.shapes.map(({ length }, place) => ({ hosts: hosts[place] ?? [], length }));
  const rows = new Rows(shapes, memory.pages);
  const writer = new BodyWriter(layout.format, memory.buffers, rows);
  try {
    for (const chunk of chunksOf(layout, hosts, createOwnText(own, tally), writer)) {
      tally.bytes += chunk.length;
      yield chunk;
    }
  } finally {
    rows.release();
  }
}

function* chunksOf(
  layout: Layout,
  hosts: HostsByShape,
  ownText: ReturnType<typeof createOwnText>,
  writer: BodyWriter,
): Generator<Buffer, void, undefined> {
  const restatedOf = createRestatements(layout, hosts);
  const chunk = new Chunk(writer);
  for (const family of layout.families) {
    writer.begin(family.header);
    for (const member of family.own) {
      for (const piece of ownText(member)) {
        writer.text(piece);
        if (chunk.isFull(OWN_LINE)) yield chunk.take();
      }
    }
    const restated = restatedOf(family);
    for (const [lines, list, shape] of linesByShape(layout, family, hosts)) {
      writer.use(lines);
      for (let next = 0; next < list.length; ) {
        next = addHosts(chunk, lines, list, { shape, from: next, restated });
        const isFull = chunk.isFull(0);
        if (isFull) yield chunk.take();
        const large = isFull ? undefined : list[next];
        if (large === undefined) continue;
        for (const looked of writeLarge(writer, lines, writer.host(shape, next++)))
          if (chunk.isFull(looked)) yield chunk.take();
      }
    }
    if (restated !== null) {
      for (const looked of writeRestated(writer, family, restated))
        if (chunk.isFull(looked)) yield chunk.take();
    }
  }
  writer.begin('');
  if (layout.format === 'openmetrics') writer.text('# EOF\n');
  if (writer.length > 0) yield chunk.take();
}

/** What has not been handed on yet. */
class Chunk {
  readonly writer: BodyWriter;
  /** Looked at, shown or not. */
  #lines = 0;

  constructor(writer: BodyWriter) {
    this.writer = writer;
  }

  /**
   * Whether it is time to `take`.
   * @param lines that were looked at since this was asked last.
   */
  isFull(lines: number): boolean {
    this.#lines += lines;
    return this.writer.length >= CHUNK_BYTES || this.#lines >= CHUNK_LINES_MAX;
  }

  take(): Buffer {
    this.#lines = 0;
    return this.writer.take();
  }
}

interface Progress {
  /** The place of the hosts' shape. */
  readonly shape: number;
  /** The place of the next host. */
  readonly from: number;
  /** These hosts are left out. */
  readonly restated: Restated | null;
}

/**
 * Adds hosts until the chunk is full or one comes that is too large for a piece.
 * @returns the place of the first host that was not added.
 */
function addHosts(
  chunk: Chunk,
  lines: Lines,
  hosts: readonly HostPoints[],
  { shape, from, restated }: Progress,
): number {
  const { writer } = chunk;
  const perPoint = lines.prefixes.length;
  for (let i = from; i < hosts.length; i++) {
    if (restated?.has(hosts[i]?.host ?? '')) continue;
    const points = writer.host(shape, i);
    const count = points * perPoint;
    if (count > PIECE_LINES_MAX) return i;
    writeHost(writer, lines, points);
    if (chunk.isFull(count)) return i + 1;
  }
  return hosts.length;
}

/** Writes the host's lines by metrics, and these by its points, in pieces. @returns how many lines a piece looked at. */
function* writeLarge(writer: BodyWriter, lines: Lines, count: number): Generator<number, void, undefined> {
  const { starts } = lines;
  for (let m = 0; m + 1 < starts.length; m++) {
    const perPoint = (starts[m + 1] ?? 0) - (starts[m] ?? 0);
    const step = Math.max(1, Math.floor(PIECE_LINES_MAX / perPoint));
    for (let p = 0; p < count; p += step) {
      const end = Math.min(p + step, count);
      writeMetric(writer, lines, m, p, end);
      yield (end - p) * perPoint;
    }
  }
}

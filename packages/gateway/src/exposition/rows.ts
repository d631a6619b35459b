/**
 * What a body shows of its hosts, in memory of its own. A body goes through all hosts once for each family; their points are
 * wherever they were made, and to go there a hundred times costs more than to copy them the first time (docs/PERFORMANCE.md).
 */
import { EncodedTexts } from './encoded-texts.ts';
import type { HostPoints, Point } from './input.ts';

/** Numbers of a page, unless one host has more. */
const PAGE_LENGTH = 32 * 1024;
const NOTHING = new Float64Array(0);
const NO_SHAPE: ShapeHosts = { hosts: [], length: 0 };

/** 64 MiB: the values of a fleet of ten thousand hosts, and more. */
const KEPT_PAGES_MAX = 256;

/**
 * Pages from one body to the next. Memory that is new for each would be some megabytes a scrape that the garbage collector finds late,
 * since it sees the small objects in front of them.
 */
export class RowPages {
  readonly #free: Float64Array[] = [];

  /** A page of at least so many numbers, of any content. */
  take(length: number): Float64Array {
    if (length > PAGE_LENGTH) return new Float64Array(length);
    return this.#free.pop() ?? new Float64Array(PAGE_LENGTH);
  }

  /** @param pages that nobody reads any more */
  give(pages: readonly Float64Array[]): void {
    for (const page of pages) {
      if (page.length === PAGE_LENGTH && this.#free.length < KEPT_PAGES_MAX) this.#free.push(page);
    }
  }
}

/** What is noted of a host, in so many numbers one behind the other. */
const NOTE_LENGTH = 6;
/** One more than the place of its page; 0 until it has one. */
const PAGE = 0;
const OFFSET = 1;
const POINTS = 2;
const IS_WHOLE = 3;
const TARGET_START = 4;
const TARGET_END = 5;

/** A host's rows, one for each of its points: the time, and the values behind it. To be read before the next host is asked for. */
export interface HostRows {
  page: Float64Array;
  /** Where the first row begins in the page. */
  offset: number;
  /** Of a row: one more than there are values. */
  length: number;
  points: number;
  /** Whether every value of every point is there and shown. */
  isWhole: boolean;
  /** What stands behind a line's name and its own labels: bytes of `targets`. */
  targetStart: number;
  targetEnd: number;
}

/** The hosts of a shape. */
export interface ShapeHosts {
  readonly hosts: readonly HostPoints[];
  /** How many values each of their points has. */
  readonly length: number;
}

export class Rows {
  readonly targets = new EncodedTexts();
  readonly #shapes: readonly ShapeHosts[];
  /** By place of the shape: the number of its first host; and how many hosts there are as a last item. */
  readonly #firsts: Uint32Array;
  readonly #notes: Uint32Array;
  readonly #source: RowPages;
  readonly #pages: Float64Array[] = [];
  /** Of the last page, how much is taken. */
  #taken = 0;
  readonly #rows: HostRows = {
    page: NOTHING,
    offset: 0,
    length: 0,
    points: 0,
    isWhole: true,
    targetStart: 0,
    targetEnd: 0,
  };

  /** @param shapes by their places @param source of the pages, which get back there by `release` */
  constructor(shapes: readonly ShapeHosts[], source: RowPages) {
    this.#shapes = shapes;
    this.#source = source;
    this.#firsts = new Uint32Array(shapes.length + 1);
    let count = 0;
    for (const [place, { hosts }] of shapes.entries()) {
      count += hosts.length;
      this.#firsts[place + 1] = count;
    }
    this.#notes = new Uint32Array(count * NOTE_LENGTH);
  }

  /** Those of a shape's host. */
  of(shape: number, host: number): HostRows {
    const notes = this.#notes;
    const at = ((this.#firsts[shape] ?? 0) + host) * NOTE_LENGTH;
    if (notes[at] === 0) this.#load(shape, host, at);
    const rows = this.#rows;
    rows.page = this.#pages[(notes[at + PAGE] ?? 0) - 1] ?? NOTHING;
    rows.offset = notes[at + OFFSET] ?? 0;
    rows.length = 1 + (this.#shapes[shape]?.length ?? 0);
    rows.points = notes[at + POINTS] ?? 0;
    rows.isWhole = notes[at + IS_WHOLE] === 1;
    rows.targetStart = notes[at + TARGET_START] ?? 0;
    rows.targetEnd = notes[at + TARGET_END] ?? 0;
    return rows;
  }

  /** A point as it came, for what is not in its row. */
  point(shape: number, host: number, point: number): Point | undefined {
    return this.#shapes[shape]?.hosts[host]?.points[point];
  }

  /** Nothing is asked for any more. */
  release(): void {
    this.#source.give(this.#pages.splice(0));
  }

  #load(shape: number, place: number, at: number): void {
    const { hosts, length } = this.#shapes[shape] ?? NO_SHAPE;
    const host = hosts[place];
    if (host === undefined) throw new Error(`no host ${place} of shape ${shape}`);
    const { points, target } = host;
    const page = this.#pageFor(points.length * (1 + length));
    const notes = this.#notes;
    notes[at + PAGE] = this.#pages.length;
    notes[at + OFFSET] = this.#taken;
    notes[at + POINTS] = points.length;
    notes[at + IS_WHOLE] = 1;
    for (const { at: time, column, hidden } of points) {
      page[this.#taken] = time;
      page.set(fitted(column.values, length), this.#taken + 1);
      this.#taken += 1 + length;
      if (column.absent !== null || hidden !== null) notes[at + IS_WHOLE] = 0;
    }
    notes[at + TARGET_START] = this.targets.length;
    this.targets.add(target);
    notes[at + TARGET_END] = this.targets.length;
  }

  /** The last page, once it has room for so many numbers. */
  #pageFor(length: number): Float64Array {
    const last = this.#pages.at(-1);
    if (last !== undefined && this.#taken + length <= last.length) return last;
    const page = this.#source.take(length);
    this.#pages.push(page);
    this.#taken = 0;
    return page;
  }
}

/** A column has a value for each series of its shape, or it was written by a disk that does not keep what it is given. */
function fitted(values: Float64Array, length: number): Float64Array {
  if (values.length === length) return values;
  const all = new Float64Array(length).fill(Number.NaN);
  all.set(values.subarray(0, length));
  return all;
}

/**
 * Sets of series, to find out what many shapes have in common in time that is linear in their series. Pair by pair it would
 * be the square of the shapes, and a host may have thousands; for a few shapes pairs cost less (overlap.ts).
 */
import type { AdmittedShape } from './admission.ts';
import { overlap, targetKeyOf } from './overlap.ts';

/** Up to so many shapes are compared pair by pair: what they have in common is remembered for the whole fleet. */
export const SHAPES_IN_PAIRS_MAX = 64;

/** Series of one host, each with a number. */
export class SeriesNumbers {
  readonly #byTarget = new Map<string, Map<string, number>>();
  #size = 0;

  /** How many series it has. */
  get size(): number {
    return this.#size;
  }

  /** The highest number that any series of `shape` has; -1 when it has none of them. */
  highestOf(shape: AdmittedShape): number {
    const known = this.#byTarget.get(targetKeyOf(shape));
    let highest = -1;
    if (known === undefined) return highest;
    for (const { prefixes } of shape.families) {
      for (const prefix of prefixes) {
        const number = known.get(prefix);
        if (number !== undefined && number > highest) highest = number;
      }
    }
    return highest;
  }

  /** Whether any series of `shape` is among them. */
  hasAnyOf(shape: AdmittedShape): boolean {
    const known = this.#byTarget.get(targetKeyOf(shape));
    if (known === undefined) return false;
    return shape.families.some(({ prefixes }) => prefixes.some((prefix) => known.has(prefix)));
  }

  /** Gives all series of `shape` this number, where they have no higher one. @param number from 0 on */
  raise(shape: AdmittedShape, number: number): void {
    const target = targetKeyOf(shape);
    let known = this.#byTarget.get(target);
    if (known === undefined) {
      known = new Map();
      this.#byTarget.set(target, known);
    }
    const before = known.size;
    for (const { prefixes } of shape.families) {
      for (const prefix of prefixes) if ((known.get(prefix) ?? -1) < number) known.set(prefix, number);
    }
    this.#size += known.size - before;
  }
}

/** Says of one shape after another whether it has series in common with those that were added before. */
export class SeriesSet {
  readonly #shapes = new Set<AdmittedShape>();
  /** Null while there are few shapes. */
  #numbers: SeriesNumbers | null = null;

  has(shape: AdmittedShape): boolean {
    if (this.#shapes.has(shape)) return true;
    if (this.#numbers !== null) return this.#numbers.hasAnyOf(shape);
    for (const other of this.#shapes) if (overlap(shape, other) !== null) return true;
    return false;
  }

  add(shape: AdmittedShape): void {
    if (this.#shapes.has(shape)) return;
    this.#shapes.add(shape);
    if (this.#numbers !== null) this.#numbers.raise(shape, 0);
    else if (this.#shapes.size > SHAPES_IN_PAIRS_MAX) {
      this.#numbers = new SeriesNumbers();
      for (const each of this.#shapes) this.#numbers.raise(each, 0);
    }
  }
}

/**
 * A `SeriesSet` for one batch after another of one host, which mostly have the same shapes in the same order: as far as they do, and
 * had nothing in common the last time, nothing is compared.
 */
export class BatchSeries {
  /** Of the last batch: what was added, in order. */
  #last: readonly AdmittedShape[] = [];
  #now: AdmittedShape[] = [];
  /** Null while it goes as the last time. */
  #set: SeriesSet | null = null;

  /** Another batch begins. */
  begin(): void {
    this.#last = this.#now;
    this.#now = [];
    this.#set = null;
  }

  has(shape: AdmittedShape): boolean {
    if (this.#set === null) {
      if (this.#last[this.#now.length] === shape) return false;
      this.#set = new SeriesSet();
      for (const each of this.#now) this.#set.add(each);
    }
    return this.#set.has(shape);
  }

  /** It was asked for, and is not there. */
  add(shape: AdmittedShape): void {
    this.#now.push(shape);
    this.#set?.add(shape);
  }
}

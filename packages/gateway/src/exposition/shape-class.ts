/**
 * Shapes whose families are called, typed and described alike, whatever their series: all hosts' disks, say, each with
 * devices of its own. Everything that a layout decides is the same for all shapes of a class, so a fleet of ten
 * thousand hosts with as many shapes costs a layout no more than one with a dozen.
 */
import { hash } from 'node:crypto';
import type { AdmittedFamily, AdmittedShape } from '../link/admission.ts';
import { type CreatedPair, createdPairs } from './created.ts';

export interface ShapeClass {
  /** Places in `Layout.shapes`; at least one. */
  readonly shapes: number[];
  /** Of the first shape; those of the others differ in their lines only. */
  readonly families: readonly AdmittedFamily[];
  /** Of each shape. */
  readonly created: readonly CreatedPair[];
  /** Of all shapes together. */
  hosts: number;
}

/** What is found out about a shape once. */
interface Traits {
  /** A digest of all that a layout asks of its families: it stands in for a kilobyte of text per shape. */
  readonly key: string;
  readonly created: readonly CreatedPair[];
}

const known = new WeakMap<AdmittedShape, Traits>();

/**
 * Does ahead what a layout does with a shape that it sees for the first time (some 70 to 100 µs where it has 350 to 400 series):
 * to be called when a shape is admitted, since after a restart a large fleet's first scrape would meet all of them at once.
 */
export function prepareShape(shape: AdmittedShape): void {
  traitsOf(shape);
}

/** The classes in the order of their first shapes. */
export function classify(
  shapes: readonly AdmittedShape[],
  counts: ReadonlyMap<AdmittedShape, number>,
): ShapeClass[] {
  const classes = new Map<string, ShapeClass>();
  for (const [place, shape] of shapes.entries()) {
    const { key, created } = traitsOf(shape);
    let found = classes.get(key);
    if (found === undefined) {
      found = { shapes: [], families: shape.families, created, hosts: 0 };
      classes.set(key, found);
    }
    found.shapes.push(place);
    found.hosts += counts.get(shape) ?? 0;
  }
  return [...classes.values()];
}

/** The suffixes that a family's lines have; none when it has no lines. */
export function suffixesIn({ type, suffixes }: AdmittedFamily): readonly string[] {
  if (type === 'histogram' || type === 'summary') return [...new Set(suffixes)].sort();
  return suffixes.length === 0 ? [] : [''];
}

const NEGATIVE_BOUND = /[{,]le="-/;

/**
 * Whether the series of a family are what OpenMetrics asks of its type. Histograms: a `+Inf` bucket in each metric, a
 * sum only beside a count and a count only beside a sum, no sum where a bound is negative. Statesets: the label of the
 * family's name, which is another where the target has a label of that name. True for every other type.
 */
export function isWhole(family: AdmittedFamily): boolean {
  const { type, name, complete, starts, suffixes, prefixes } = family;
  if (type === 'stateset') return prefixes.every((prefix) => new RegExp(`[{,]${name}="`).test(prefix));
  if (type !== 'histogram') return true;
  if (!complete) return false;
  for (let m = 0; m + 1 < starts.length; m++) {
    const lines = suffixes.slice(starts[m], starts[m + 1]);
    const summed = lines.includes('_sum');
    if (summed !== lines.includes('_count')) return false;
    // The buckets ascend, so the first one tells.
    if (summed && NEGATIVE_BOUND.test(prefixes[starts[m] ?? 0] ?? '')) return false;
  }
  return true;
}

function traitsOf(shape: AdmittedShape): Traits {
  let traits = known.get(shape);
  if (traits === undefined) {
    const created = createdPairs(shape.families);
    traits = { key: keyOf(shape, created), created };
    known.set(shape, traits);
  }
  return traits;
}

function keyOf({ families }: AdmittedShape, created: readonly CreatedPair[]): string {
  let text = '';
  for (const family of families) {
    const { name, type, help } = family;
    const suffixes = suffixesIn(family).map((suffix) => `${suffix};`);
    // Help can hold anything but NUL, the rest no line ends.
    text += `${name}\n${type}\n${isWhole(family)}\n${suffixes.join('')}\n${help}\0`;
  }
  for (const pair of created) text += `${pair.created}\n${pair.of}\0`;
  return hash('sha256', text, 'base64');
}

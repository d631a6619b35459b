/**
 * What a set of selectors selects of a shape, found once for all hosts that have the shape: for each selector which
 * lines it takes, apart from what it asks of the host's name. A host then only says which selectors it meets.
 */
import type { AdmittedShape } from '../../link/admission.ts';
import { ownLabelOf, targetLabel } from '../../link/series-text.ts';
import type { Matcher } from './matcher.ts';
import { NAME, type Selector } from './selector.ts';

/** By index in a column, `1` where a series is not selected; null when all are selected, 'none' when none is. */
export type Mask = Uint8Array | null | 'none';

export interface MatchSet {
  /** The one spelling of its meaning. */
  readonly text: string;
  hiddenOf(shape: AdmittedShape, host: string): Mask;
  /** Finds out, a little at a time, what `hiddenOf` then knows of the shape; nothing is left to be done when it is known. */
  preparing(shape: AdmittedShape): Generator<void, void, undefined>;
  /** Whether it takes a series with these labels. */
  takes(name: string, labels: Readonly<Record<string, string>>): boolean;
  /** Lets go of what was needed for evaluation only; whatever is asked later is answered as well. */
  release(): void;
}

/** Lines by index in the column, `1` where taken. */
type Lines = Uint8Array | 'all' | 'none';

/** What the set takes of one shape. */
interface Verdict {
  /** On any host. */
  readonly always: Lines;
  /** On hosts whose names meet the conditions. */
  readonly byHost: readonly { readonly matchers: readonly Matcher[]; readonly lines: Lines }[];
  /** By which of `byHost` a host meets, as a text of 0 and 1. */
  readonly masks: Map<string, Mask>;
}

/** Masks of one shape that are kept. More are needed only where dozens of selectors tell hosts apart in many ways. */
const MASKS_MAX = 64;

/** Looks that are taken in one go, as `Matcher.weight` has them: a millisecond's worth. */
const STEP_LOOKS = 16_384;
/** What a line or a condition counts for by itself: nobody needs to look at the clock for each. */
const STEP_LOOKS_MIN = STEP_LOOKS / 16;

/** Stands for a host's name: admission lets no label have a value with a NUL in it. */
const ANY_HOST = '\0';

/** @param selectors at least one. */
export function createMatchSet(selectors: readonly Selector[]): MatchSet {
  const texts = new Map(selectors.map((selector) => [selector.text, selector]));
  const different = [...texts.values()];
  const verdicts = new WeakMap<AdmittedShape, Verdict>();
  function* judgeAndKeep(shape: AdmittedShape): Generator<void, Verdict, undefined> {
    const verdict = yield* judge(different, shape);
    verdicts.set(shape, verdict);
    return verdict;
  }
  return {
    // As the union of selections is written in PromQL.
    text: [...texts.keys()].sort().join(' or '),
    hiddenOf(shape, host) {
      return maskFor(verdicts.get(shape) ?? atOnce(judgeAndKeep(shape)), shape, host);
    },
    *preparing(shape) {
      if (!verdicts.has(shape)) yield* judgeAndKeep(shape);
    },
    takes: (name, labels) =>
      different.some(({ matchers }) =>
        matchers.every(({ label, matches }) =>
          matches(label === NAME ? name : Object.hasOwn(labels, label) ? (labels[label] ?? '') : ''),
        ),
      ),
    release: () => {
      for (const { matchers } of different) for (const matcher of matchers) matcher.release();
    },
  };
}

function maskFor({ always, byHost, masks }: Verdict, shape: AdmittedShape, host: string): Mask {
  let key = '';
  for (const { matchers } of byHost) key += matchers.every(({ matches }) => matches(host)) ? '1' : '0';
  let mask = masks.get(key);
  if (mask === undefined) {
    const lines = byHost.filter((_, i) => key[i] === '1').reduce((all, own) => union(all, own.lines), always);
    mask = hidden(lines, shape);
    if (masks.size < MASKS_MAX) masks.set(key, mask);
  }
  return mask;
}

function atOnce<T>(steps: Generator<void, T, undefined>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

function* judge(selectors: readonly Selector[], shape: AdmittedShape): Generator<void, Verdict, undefined> {
  let always: Lines = 'none';
  const byHost: { matchers: Matcher[]; lines: Lines }[] = [];
  for (const { matchers } of selectors) {
    const ofHost: Matcher[] = [];
    const ofLine: Matcher[] = [];
    let met = true;
    const steps = new Steps();
    for (const matcher of matchers) {
      const { label } = matcher;
      const value = targetLabel(shape.labels, label, ANY_HOST);
      if (value === ANY_HOST) ofHost.push(matcher);
      else if (value === null) ofLine.push(matcher);
      else if (met) {
        if (steps.take(matcher, value)) yield;
        met = matcher.matches(value);
      }
    }
    const lines = met ? yield* linesOf(shape, ofLine) : 'none';
    if (ofHost.length === 0) always = union(always, lines);
    else if (lines !== 'none') byHost.push({ matchers: ofHost, lines });
  }
  return { always, byHost: always === 'all' ? [] : byHost, masks: new Map() };
}

/** The lines that meet conditions on names and on the series' own labels. */
function* linesOf(shape: AdmittedShape, matchers: readonly Matcher[]): Generator<void, Lines, undefined> {
  const ofName = matchers.filter(({ label }) => label === NAME);
  const ofLabels = matchers.filter(({ label }) => label !== NAME);
  const taken = new Uint8Array(shape.length);
  let count = 0;
  const steps = new Steps();
  for (const family of shape.families) {
    const { name, prefixes, indexes, suffixes } = family;
    const named = new Set(suffixes);
    if (steps.next()) yield;
    for (const suffix of named) {
      for (const matcher of ofName) {
        if (steps.take(matcher, name + suffix)) yield;
        if (matcher.matches(name + suffix)) continue;
        named.delete(suffix);
        break;
      }
    }
    if (named.size === 0) continue;
    lines: for (const [k, prefix] of prefixes.entries()) {
      if (steps.next()) yield;
      if (!named.has(suffixes[k] ?? '')) continue;
      for (const matcher of ofLabels) {
        const value = ownLabelOf(prefix, matcher.label);
        if (steps.take(matcher, value)) yield;
        if (!matcher.matches(value)) continue lines;
      }
      taken[indexes[k] ?? 0] = 1;
      count++;
    }
  }
  return count === 0 ? 'none' : count === shape.length ? 'all' : taken;
}

/** Says when it is time to look at the clock: before what would be too much in one go. */
class Steps {
  #looks = 0;

  /** A line, or a family. */
  next(): boolean {
    return this.#add(STEP_LOOKS_MIN);
  }

  /** A condition that will be held against a value. */
  take({ weight }: Matcher, value: string): boolean {
    return this.#add(weight * value.length);
  }

  #add(looks: number): boolean {
    this.#looks += looks;
    if (this.#looks < STEP_LOOKS) return false;
    // What is about to be done stands for the next time.
    this.#looks = looks;
    return true;
  }
}

function union(a: Lines, b: Lines): Lines {
  if (a === 'all' || b === 'none') return a;
  if (b === 'all' || a === 'none') return b;
  return a.map((flag, i) => flag | (b[i] ?? 0));
}

function hidden(lines: Lines, shape: AdmittedShape): Mask {
  if (lines === 'all') return null;
  if (lines === 'none') return 'none';
  // Several selectors together may take everything.
  return lines.includes(0) && shape.length > 0 ? lines.map((flag) => 1 - flag) : null;
}

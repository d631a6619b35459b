/**
 * How many hosts have each shape: the votes on types and help. They are the whole fleet's, whatever a scrape shows, and
 * counting them is looking at every host. With a target for each host that would be the square of the fleet, so what was
 * counted stands for some seconds, but for shapes that are to be shown and were not counted.
 */
import type { HostGroup } from '../fleet/host.ts';
import type { AdmittedShape } from '../link/admission.ts';
import type { HostInput } from './input.ts';
import { type ShapeCounts, sameCounts } from './layout.ts';

export interface VotesSources {
  /** The same array while no group comes or goes. */
  readonly groups: () => readonly HostGroup[];
  /** Milliseconds that never step. */
  readonly uptimeMs: () => number;
}

/** So long votes stand that some hosts have changed since. */
const STANDS_MS = 5_000;

export class Votes {
  readonly #sources: VotesSources;
  /** Of the fleet as it was counted last. */
  #live: ShapeCounts = new Map();
  #counted: readonly HostGroup[] | null = null;
  #countedAt = Number.NEGATIVE_INFINITY;
  /** Shapes that no host has now, of which something is stored; those that were not shown for a while go. */
  #retired = new Map<AdmittedShape, number>();
  #shown = new Set<AdmittedShape>();
  /** All of them, unless something has changed. */
  #isChanged = false;
  #counts: ShapeCounts = new Map();

  constructor(sources: VotesSources) {
    this.#sources = sources;
  }

  /**
   * The same map while nothing has changed, and never a changed one. It has every shape of the input.
   * @param isWhole whether the input is the whole fleet's, so that counting it again makes no difference
   */
  of(input: HostInput, isWhole: boolean): ShapeCounts {
    const isDue = this.#sources.uptimeMs() - this.#countedAt >= STANDS_MS;
    if (isDue) this.#dropRetired();
    if (isDue || isWhole || this.#missing(input).length > 0) this.#count();
    for (const shape of this.#missing(input)) {
      this.#retired.set(shape, input.get(shape)?.length ?? 0);
      this.#isChanged = true;
    }
    if (this.#retired.size > 0)
      for (const shape of input.keys()) if (this.#retired.has(shape)) this.#shown.add(shape);
    return this.#together();
  }

  #together(): ShapeCounts {
    if (!this.#isChanged) return this.#counts;
    this.#isChanged = false;
    const counts = new Map(this.#live);
    for (const [shape, hosts] of this.#retired) if (!counts.has(shape)) counts.set(shape, hosts);
    if (!sameCounts(counts, this.#counts)) this.#counts = counts;
    return this.#counts;
  }

  #missing(input: HostInput): AdmittedShape[] {
    return [...input.keys()].filter((shape) => !this.#live.has(shape) && !this.#retired.has(shape));
  }

  #dropRetired(): void {
    for (const shape of this.#retired.keys())
      if (!this.#shown.has(shape)) this.#isChanged = this.#retired.delete(shape);
    this.#shown = new Set();
  }

  #count(): void {
    this.#countedAt = this.#sources.uptimeMs();
    const groups = this.#sources.groups();
    if (groups === this.#counted) return;
    this.#counted = groups;
    const live = new Map<AdmittedShape, number>();
    for (const { shape } of groups) live.set(shape, (live.get(shape) ?? 0) + 1);
    this.#live = live;
    this.#isChanged = true;
  }
}

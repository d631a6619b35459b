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
  #counts: ShapeCounts = new Map();
  /** What was counted; null where shapes that no host has now are among the counts. */
  #counted: readonly HostGroup[] | null = null;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(sources: VotesSources) {
    this.#sources = sources;
  }

  /**
   * The same map while nothing has changed, and never a changed one. It has every shape of the input.
   * @param isWhole whether the input is the whole fleet's, so that counting it again makes no difference
   */
  of(input: HostInput, isWhole: boolean): ShapeCounts {
    if (isWhole || this.#sources.uptimeMs() - this.#countedAt >= STANDS_MS) this.#count();
    if (this.#missing(input).length === 0) return this.#counts;
    this.#count();
    const missing = this.#missing(input);
    if (missing.length === 0) return this.#counts;
    // What was stored in shapes that its host has no more.
    const counts = new Map(this.#counts);
    for (const shape of missing) counts.set(shape, input.get(shape)?.length ?? 0);
    this.#counts = counts;
    this.#counted = null;
    return counts;
  }

  #missing(input: HostInput): AdmittedShape[] {
    return [...input.keys()].filter((shape) => !this.#counts.has(shape));
  }

  #count(): void {
    this.#countedAt = this.#sources.uptimeMs();
    const groups = this.#sources.groups();
    if (groups === this.#counted) return;
    this.#counted = groups;
    const counts = new Map<AdmittedShape, number>();
    for (const { shape } of groups) counts.set(shape, (counts.get(shape) ?? 0) + 1);
    if (!sameCounts(counts, this.#counts)) this.#counts = counts;
  }
}

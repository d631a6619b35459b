/**
 * Says of each series of an exposition under which target labels it is told, and what labels of its own are left.
 *
 * Without `honor_labels` the target's labels stand, and the series' own go along as they are: where the two clash, the
 * gateway renames the own one to `exported_…`, as Prometheus does. With it a series' own labels go before the target's, so
 * each set of them that is found becomes target labels of its own. An own label that is empty goes before the target's as well,
 * and then there is none; only a job there always is, as the wire has nothing without.
 * Source: prometheus/scrape, `mutateSampleLabels`, which asks for the label's name only.
 */
import type { Labels, Series } from '@tributary/shared/shape';
import type { SeriesList } from '../collectors/exposition-text/reading.ts';
import { flatSorted, reservedNames, withoutReserved } from '../collectors/own-labels.ts';
import type { Claims, Owner } from './claims.ts';
import { labelsKey } from './labels-key.ts';
import { ScrapeError } from './scrape-error.ts';
import { isStatusName } from './status-series.ts';

/**
 * Why a series of an exposition is not told.
 * - `status`: it would be one of those that tell of the scrape itself.
 * - `node`: it says of itself that it is of the job `node`, which is the reporter's own.
 * - `duplicate`: its labels are another's once the target's are added, and what clashes with them is renamed.
 * - `other_target`: another target tells it.
 */
export type PlaceFault = 'status' | 'node' | 'duplicate' | 'other_target';

export interface Placement {
  readonly list: SeriesList;
  /** Sets of target labels. */
  readonly sets: readonly Labels[];
  /** By place in the list: the place in `sets`; `NOWHERE` for a series that is not told. */
  readonly setOf: Int16Array;
  /** By place in the list: the place in `list.families`. */
  readonly familyOf: Uint32Array;
  /** By place in the list: suffix and own labels, as they are told. */
  readonly series: readonly Series[];
  readonly faults: ReadonlyMap<PlaceFault, number>;
}

export const NOWHERE = -1;
/** Sets of target labels that one exposition may bring along. */
export const SETS_MAX = 256;

export interface PlaceContext {
  /** The target's. */
  readonly labels: Labels;
  readonly honorLabels: boolean;
  readonly claims: Claims;
  readonly owner: Owner;
}

/** @throws ScrapeError `columns` when there are too many sets of target labels. */
export function placeSeries(list: SeriesList, context: PlaceContext): Placement {
  const placer = new Placer(context, list);
  const setOf = new Int16Array(list.length);
  const familyOf = new Uint32Array(list.length);
  const all: Series[] = [];
  for (const [f, family] of list.families.entries()) {
    for (const series of family.series) {
      const place = all.length;
      familyOf[place] = f;
      all.push(placer.place(family.name, series));
      setOf[place] = placer.set;
    }
  }
  return { list, setOf, familyOf, series: all, sets: placer.sets, faults: placer.faults };
}

function hasLabelOf({ families }: SeriesList, names: ReadonlySet<string>): boolean {
  return families.some(({ series }) =>
    series.some(([, labels]) => Object.keys(labels).some((label) => names.has(label))),
  );
}

class Placer {
  readonly #context: PlaceContext;
  readonly sets: Labels[];
  readonly faults = new Map<PlaceFault, number>();
  /** Where the series went that was placed last. */
  set = 0;
  readonly #known: Map<string, number>;
  readonly #keys: string[];
  readonly #told = new Set<string>();
  /** Names that no series can have of its own. */
  readonly #reserved: ReadonlySet<string>;
  /** Labels that are moved to the target, or renamed, may make two series one. */
  readonly #mayClash: boolean;

  constructor(context: PlaceContext, list: SeriesList) {
    this.#context = context;
    this.#reserved = reservedNames(Object.keys(context.labels));
    this.#mayClash = hasLabelOf(list, this.#reserved);
    const key = labelsKey(context.labels);
    this.sets = [context.labels];
    this.#keys = [key];
    this.#known = new Map([[key, 0]]);
  }

  place(family: string, series: Series): Series {
    this.set = 0;
    const placed = this.#context.honorLabels ? this.#honor(family, series) : series;
    if (this.set !== NOWHERE && this.#mayClash && !this.#isFirst(family, placed)) this.#leaveOut('duplicate');
    const isBare = this.set === 0 && placed[0] === '' && isStatusName(family);
    if (isBare && Object.keys(placed[1]).length === 0) this.#leaveOut('status');
    return placed;
  }

  #honor(family: string, [suffix, labels]: Series): Series {
    const { labels: target, claims, owner } = this.#context;
    const own: Record<string, string> = {};
    let targetLabels: Record<string, string> | null = null;
    for (const [name, value] of Object.entries(labels)) {
      if (!Object.hasOwn(target, name)) own[name] = value;
      else {
        targetLabels ??= { ...target };
        if (value !== '' || name !== 'job') targetLabels[name] = value;
      }
    }
    this.set = targetLabels === null ? 0 : this.#setOf(targetLabels);
    const key = this.#keys[this.set] ?? '';
    const name = family + suffix;
    const series: Series = targetLabels === null ? [suffix, labels] : [suffix, own];
    if (this.sets[this.set]?.['job'] === 'node') this.#leaveOut('node');
    else if (!claims.claim(owner, key, name)) this.#leaveOut('other_target');
    return series;
  }

  #setOf(labels: Labels): number {
    const key = labelsKey(labels);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.sets.length >= SETS_MAX)
      throw new ScrapeError('columns', `more than ${SETS_MAX} different jobs and instances in one scrape`);
    this.#known.set(key, this.sets.length);
    this.#keys.push(key);
    return this.sets.push(labels) - 1;
  }

  /** Whether no series before it is written as this one will be, under the same target labels. */
  #isFirst(family: string, [suffix, labels]: Series): boolean {
    const written = withoutReserved(flatSorted(Object.entries(labels)), this.#reserved);
    const key = `${this.set}\0${family}${suffix}\0${written.join('\0')}`;
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }

  #leaveOut(fault: PlaceFault): void {
    this.set = NOWHERE;
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }
}

/**
 * Lays a target's series out over several shapes. A shape is restated whole when one of its series comes or goes, and targets
 * with thousands of series gain one all the time; so a shape has some hundreds, and a family stays in the one where it is.
 *
 * Families stay whole. Only one that is too large for a shape is divided, by a hash of its metrics' labels, so that the
 * lines of a metric (buckets, sum, count) are never parted, and a new metric changes the one piece that it falls into.
 *
 * A family that tells when metrics of another one began (`foo_created`) goes where that one is: apart from it the gateway cannot
 * show the two to OpenMetrics readers under their types (its exposition/created.ts).
 */
import { fnv1a32 } from '@tributary/shared/hash';
import type { MetricType, Series } from '@tributary/shared/shape';
import type { Placement } from './placement.ts';

/** A shape gets new families up to the first, and its own may grow to the second. */
const SERIES_GOAL = 256;
const SERIES_MAX = 512;

const CREATED = '_created';

export class Bins {
  /** In which bin a family, or a piece of one, is. */
  #binOf = new Map<string, number>();
  /** In how many pieces a family is divided. */
  #pieces = new Map<string, number>();
  #next = 0;

  /**
   * @param places ascending.
   * @returns the same places by bin, each in one, ascending in each. A bin keeps its number.
   */
  divide(placement: Placement, places: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const families = familiesOf(placement, places);
    const bins = new Map<number, number[]>();
    const binOf = new Map<string, number>();
    const pieces = new Map<string, number>();
    // A new family goes where the one before it is, or with the first.
    let last = this.#binOf.values().next().value ?? -1;
    for (const [key, unit] of this.#units(placement, families, pieces)) {
      const known = this.#binOf.get(key);
      let bin = known ?? last;
      const have = bins.get(bin)?.length ?? 0;
      const most = known === undefined ? SERIES_GOAL : SERIES_MAX;
      if (bin < 0 || (have > 0 && have + unit.length > most)) bin = this.#next++;
      binOf.set(key, bin);
      last = bin;
      const filled = bins.get(bin);
      if (filled === undefined) bins.set(bin, unit);
      else filled.push(...unit);
    }
    this.#binOf = binOf;
    this.#pieces = pieces;
    if (families.some(({ isJoined }) => isJoined))
      for (const filled of bins.values()) filled.sort((a, b) => a - b);
    return bins;
  }

  /** Families, and the pieces of those that are too large. */
  *#units(
    { list, familyOf, series }: Placement,
    families: readonly Together[],
    pieces: Map<string, number>,
  ): Generator<readonly [key: string, places: number[]]> {
    for (const { name, places: unit } of families) {
      const count = this.#piecesOf(name, unit.length);
      if (count === 1) {
        yield [name, unit];
        continue;
      }
      pieces.set(name, count);
      const parts = Array.from({ length: count }, (): number[] => []);
      for (const place of unit) {
        const family = list.families[familyOf[place] ?? 0];
        if (family === undefined) continue;
        const text = metricText(family.name, family.type, series[place] ?? ['', {}]);
        parts[fnv1a32(text) % count]?.push(place);
      }
      for (const [i, part] of parts.entries()) if (part.length > 0) yield [`${name}\0${i}`, part];
    }
  }

  /** A power of two, which stays while the family is not far too large or too small for it. */
  #piecesOf(family: string, series: number): number {
    const known = this.#pieces.get(family);
    if (known === undefined && series <= SERIES_MAX) return 1;
    const isRight = known !== undefined && series <= known * SERIES_MAX && series * 8 >= known * SERIES_GOAL;
    return isRight ? known : 2 ** Math.max(0, Math.ceil(Math.log2(series / SERIES_GOAL)));
  }
}

/** Series that belong together. */
interface Together {
  /** Of the family. */
  readonly name: string;
  /** Ascending, but for those of a family that joined. */
  readonly places: number[];
  /** There are those of another family with them. */
  isJoined: boolean;
}

/** By families, those that tell of a beginning with the one that began. @param places ascending. */
function familiesOf({ list, familyOf }: Placement, places: readonly number[]): readonly Together[] {
  const families = new Map<string, Together>();
  for (let from = 0; from < places.length; ) {
    const f = familyOf[places[from] ?? 0] ?? 0;
    let to = from + 1;
    while (to < places.length && familyOf[places[to] ?? 0] === f) to++;
    const name = list.families[f]?.name;
    if (name !== undefined) families.set(name, { name, places: places.slice(from, to), isJoined: false });
    from = to;
  }
  for (const { name, places: joining } of [...families.values()]) {
    if (!name.endsWith(CREATED)) continue;
    const base = name.slice(0, -CREATED.length);
    const begun = families.get(base) ?? families.get(`${base}_total`);
    if (begun === undefined) continue;
    begun.places.push(...joining);
    begun.isJoined = true;
    families.delete(name);
  }
  return [...families.values()];
}

/** What the lines of one metric have in common. */
function metricText(family: string, type: MetricType, [suffix, labels]: Series): string {
  const own =
    type === 'stateset' ? family : suffix === '_bucket' ? 'le' : type === 'summary' ? 'quantile' : '';
  let text = '';
  for (const name of Object.keys(labels)) if (name !== own) text += `${name}\0${labels[name]}\0`;
  return text;
}

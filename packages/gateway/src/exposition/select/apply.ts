/** Puts a selection into effect: on the points of hosts, and on the gateway's own series. */
import type { OwnFamily, Point } from '../input.ts';
import { EVERYTHING, type Selection } from './selection.ts';

/**
 * @param mask of `Selection.hiddenOf`: series that are not selected.
 * @returns the point with these hidden, too. Where it hides nothing itself the mask is shared, not copied.
 */
export function hideUnselected(point: Point, mask: Uint8Array | null): Point {
  if (mask === null) return point;
  const { at, column, hidden } = point;
  return { at, column, hidden: hidden === null ? mask : hidden.map((flag, i) => flag | (mask[i] ?? 0)) };
}

/**
 * The families with their selected series only. None is left out, since what an exposition looks like must not hang on
 * a selection.
 * @param perHost whether their series are each about one host.
 */
export function selectOwn(
  families: readonly OwnFamily[],
  selection: Selection,
  perHost: boolean,
): readonly OwnFamily[] {
  if (selection === EVERYTHING) return families;
  return families.map((family) => ({
    ...family,
    *series() {
      for (const series of family.series()) {
        if (selection.includesOwn(family.name + series.suffix, series.labels, perHost)) yield series;
      }
    },
  }));
}

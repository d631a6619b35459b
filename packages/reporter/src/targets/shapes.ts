/** Makes shapes of places in a list of series, and the same object again for the same content. */
import type { Family, Labels, Series, Shape } from '@tributary/shared/shape';
import type { Placement } from './placement.ts';

/** @param places ascending. */
export function shapeOf(placement: Placement, labels: Labels, places: readonly number[]): Shape {
  const { list, familyOf, series } = placement;
  const families: Family[] = [];
  for (let from = 0; from < places.length; ) {
    const f = familyOf[places[from] ?? 0] ?? 0;
    const told: Series[] = [];
    let to = from;
    while (to < places.length && familyOf[places[to] ?? 0] === f)
      told.push(series[places[to++] ?? 0] ?? ['', {}]);
    from = to;
    const family = list.families[f];
    if (family !== undefined) families.push({ ...family, series: told });
  }
  return { labels, families };
}

/** Whether two shapes say the same. Those of one target mostly have their labels, and many series, as the same objects. */
export function sameShape(a: Shape, b: Shape): boolean {
  return (
    sameLabels(a.labels, b.labels) &&
    a.families.length === b.families.length &&
    a.families.every((family, i) => sameFamily(family, b.families[i]))
  );
}

function sameFamily(a: Family, b: Family | undefined): boolean {
  return (
    b !== undefined &&
    a.name === b.name &&
    a.type === b.type &&
    a.help === b.help &&
    a.series.length === b.series.length &&
    a.series.every(([suffix, labels], i) => {
      const other = b.series[i];
      return other !== undefined && other[0] === suffix && sameLabels(labels, other[1]);
    })
  );
}

function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}

/**
 * Takes a family `foo_created` into the counter, histogram or summary that it is about, which has its name in OpenMetrics.
 * Only all of it can go there: as long as one line of that name has to stand elsewhere, the two clash (clash.ts).
 */
import { CREATED } from './created.ts';
import type { Draft } from './draft.ts';
import { isPlain } from './format.ts';
import type { ShapeClass } from './shape-class.ts';

/**
 * @param drafts for OpenMetrics.
 * @returns all of them but those taken in, in their order.
 */
export function takeInCreated(drafts: readonly Draft[]): readonly Draft[] {
  const telling = drafts.filter(({ sample, type }) => sample.endsWith(CREATED) && isPlain(type));
  if (telling.length === 0) return drafts;
  const begun = Map.groupBy(drafts.filter(mayTakeIn), ({ declared }) => declared);
  const takenIn = new Map<Draft, Draft>();
  const classesOf = rememberClasses();
  for (const created of telling) {
    // A counter gives way to a histogram of its name anyhow.
    const candidates = [...(begun.get(created.sample.slice(0, -CREATED.length)) ?? [])];
    const into = candidates
      .sort((a, b) => b.rank - a.rank)
      .find((draft) =>
        created.sources.every(
          (source) => source.kind === 'host' && isAbout(created, source.class, draft, classesOf(draft)),
        ),
      );
    if (into !== undefined) takenIn.set(into, created);
  }
  const gone = new Set(takenIn.values());
  return drafts
    .filter((draft) => !gone.has(draft))
    .map((draft) => {
      const created = takenIn.get(draft);
      return created === undefined ? draft : { ...draft, created };
    });
}

function mayTakeIn({ type }: Draft): boolean {
  return type === 'counter' || type === 'histogram' || type === 'summary';
}

function isAbout(
  created: Draft,
  shapeClass: ShapeClass,
  draft: Draft,
  classes: ReadonlySet<ShapeClass>,
): boolean {
  return (
    classes.has(shapeClass) &&
    shapeClass.created.some((pair) => pair.created === created.sample && pair.of === draft.sample)
  );
}

/** The classes of a draft's sources, of which a fleet may have thousands: looked through once, and not for each class again. */
function rememberClasses(): (draft: Draft) => ReadonlySet<ShapeClass> {
  const known = new Map<Draft, ReadonlySet<ShapeClass>>();
  return (draft) => {
    let classes = known.get(draft);
    if (classes === undefined) {
      classes = new Set(draft.sources.flatMap((source) => (source.kind === 'host' ? [source.class] : [])));
      known.set(draft, classes);
    }
    return classes;
  };
}

/** By class, the place in its shapes of the family that was taken in. */
export function createdPlaces({ created }: Draft): ReadonlyMap<ShapeClass, number> {
  const places = new Map<ShapeClass, number>();
  for (const source of created?.sources ?? [])
    if (source.kind === 'host') places.set(source.class, source.place);
  return places;
}

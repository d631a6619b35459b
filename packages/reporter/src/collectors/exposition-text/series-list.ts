/**
 * Makes the list of series: what a text has, and for a while what earlier texts had. The order is that of the list
 * before, so that the same series make the same list, whatever their order in a text.
 */
import type { Family, Labels, Series } from '@tributary/shared/shape';
import { boundKey } from './bounds.ts';
import { type FamilyHead, type Fitted, fits } from './fit-families.ts';
import type { SeriesList } from './reading.ts';

export interface BuiltList {
  readonly list: SeriesList;
  /** Of each family, under which name a text declares it. */
  readonly declared: readonly string[];
  /** By place in the parameter, the place in the list; -1 for what does not go with the others. */
  readonly places: Int32Array;
}

/** A series of the list before, which the text does not have. */
export type Waiting = Fitted & { readonly isWaiting: true };

interface OpenFamily {
  readonly head: FamilyHead;
  /** Places in the parameter. */
  readonly members: number[];
}

/** @param slots null for what is left out. */
export function buildList(slots: readonly (Fitted | Waiting | null)[]): BuiltList {
  const places = new Int32Array(slots.length).fill(-1);
  const families: Family[] = [];
  const declared: string[] = [];
  let length = 0;
  for (const { head, members } of assemble(slots).values()) {
    const series: Series[] = [];
    const known = new Map<string, { readonly at: number; readonly waits: boolean }>();
    for (const member of members) {
      const slot = slots[member];
      if (slot === null || slot === undefined) continue;
      const waits = 'isWaiting' in slot;
      // Labels of some were rewritten, and bounds may be written in more than one way.
      const key = boundKey(head.type, slot.suffix, slot.labels) ?? slot.suffix + JSON.stringify(slot.labels);
      const twin = known.get(key);
      const at = twin?.at ?? series.length;
      places[member] = length + at;
      // The first one counts, but what the text has goes before what it had.
      if (twin !== undefined && (waits || !twin.waits)) continue;
      known.set(key, { at, waits });
      series[at] = [slot.suffix, slot.labels];
    }
    length += series.length;
    families.push({ name: head.name, type: head.type, help: head.help, series });
    declared.push(head.declared);
  }
  return { list: { families, length }, declared, places };
}

/** Families in the order in which they are met; those that a text has decide what they are. */
function assemble(slots: readonly (Fitted | Waiting | null)[]): ReadonlyMap<string, OpenFamily> {
  const heads = new Map<string, FamilyHead>();
  for (const slot of slots) if (slot !== null && !('isWaiting' in slot)) heads.set(slot.head.name, slot.head);
  const families = new Map<string, OpenFamily>();
  for (const [i, slot] of slots.entries()) {
    if (slot === null) continue;
    const { name, type } = slot.head;
    const head = heads.get(name) ?? slot.head;
    heads.set(name, head);
    // Only one that waits can be of another type.
    if (head.type !== type || !fits(name, type, slot.suffix, slot.labels)) continue;
    const family = families.get(name);
    if (family === undefined) families.set(name, { head, members: [i] });
    else family.members.push(i);
  }
  return families;
}

/** What the list says of each of its series. */
export function slotsOf(list: SeriesList, declared: readonly string[]): Fitted[] {
  return list.families.flatMap(({ name, type, help, series }, i) => {
    const head = { name, type, help, declared: declared[i] ?? '', isAltered: false };
    return series.map(([suffix, labels]) => ({ head, suffix, labels }));
  });
}

export function isSameList(a: SeriesList, b: SeriesList): boolean {
  return (
    a.length === b.length &&
    a.families.length === b.families.length &&
    a.families.every((family, i) => isSameFamily(family, b.families[i]))
  );
}

function isSameFamily(a: Family, b: Family | undefined): boolean {
  return (
    a.name === b?.name &&
    a.type === b.type &&
    a.help === b.help &&
    a.series.length === b.series.length &&
    a.series.every(([suffix, labels], i) => {
      const [itsSuffix, itsLabels] = b.series[i] ?? ['', {}];
      return suffix === itsSuffix && (labels === itsLabels || isSame(labels, itsLabels));
    })
  );
}

/** Labels are sorted. */
function isSame(a: Labels, b: Labels): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

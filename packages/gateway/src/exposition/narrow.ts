/**
 * A layout without what a body has nothing of. A layout is the whole fleet's; one host has a dozen of its thousands of
 * shapes, and with a target for each host looking at all of them each time would be the square of the fleet.
 */
import type { AdmittedShape } from '../link/admission.ts';
import type { Layout, Member, OutputFamily } from './layout.ts';

/** Below this share of a layout's shapes it pays. */
const NARROW_SHARE = 1 / 4;

interface Index {
  /** Of each shape, its place. */
  readonly places: ReadonlyMap<AdmittedShape, number>;
  /** Every member of every family, in their order, and the place of its family. */
  readonly members: readonly { readonly member: Member; readonly family: number }[];
  /** By place of the shape, the places of its members. */
  readonly membersOf: readonly (readonly number[])[];
  /** Places of families that have own members. */
  readonly own: readonly number[];
}

const indexes = new WeakMap<Layout, Index>();

/** The layout as far as it is about these shapes and the own families; it makes the same body of them. */
export function narrow(
  layout: Layout,
  shapes: { readonly size: number; keys(): Iterable<AdmittedShape> },
): Layout {
  if (shapes.size > layout.shapes.length * NARROW_SHARE) return layout;
  const index = indexOf(layout);
  const places = [...shapes.keys()].map((shape) => index.places.get(shape) ?? -1).sort((a, b) => a - b);
  const shapesOf = new Map<number, number[]>();
  for (const [place, wide] of places.entries()) {
    for (const member of index.membersOf[wide] ?? []) {
      const list = shapesOf.get(member);
      if (list === undefined) shapesOf.set(member, [place]);
      else list.push(place);
    }
  }
  const members = new Map<number, Member[]>(index.own.map((family) => [family, []]));
  for (const id of [...shapesOf.keys()].sort((a, b) => a - b)) {
    const known = index.members[id];
    const list = shapesOf.get(id);
    if (known === undefined || list === undefined) continue;
    const narrowed = { ...known.member, shapes: list };
    const others = members.get(known.family);
    if (others === undefined) members.set(known.family, [narrowed]);
    else others.push(narrowed);
  }
  const families: OutputFamily[] = [];
  for (const place of [...members.keys()].sort((a, b) => a - b)) {
    const family = layout.families[place];
    if (family !== undefined) families.push({ ...family, members: members.get(place) ?? [] });
  }
  return { ...layout, shapes: places.flatMap((place) => layout.shapes[place] ?? []), families };
}

function indexOf(layout: Layout): Index {
  let index = indexes.get(layout);
  if (index === undefined) {
    index = createIndex(layout);
    indexes.set(layout, index);
  }
  return index;
}

function createIndex({ shapes, families }: Layout): Index {
  const members: { member: Member; family: number }[] = [];
  const membersOf: number[][] = shapes.map(() => []);
  const own: number[] = [];
  for (const [family, output] of families.entries()) {
    if (output.own.length > 0) own.push(family);
    for (const member of output.members) {
      for (const shape of member.shapes) membersOf[shape]?.push(members.length);
      members.push({ member, family });
    }
  }
  return { places: new Map(shapes.map((shape, place) => [shape, place])), members, membersOf, own };
}

/**
 * Decides what an exposition looks like before any value is read: which families there are, what each is called and
 * typed, and which lines of which shape go into it.
 *
 * 1. Everything that is called the same is one *draft*: its type and help are those of most hosts, the gateway's own
 *    family deciding alone where there is one. Lines whose own type does not go with it are *strays*: they are set
 *    aside under their sample names. In OpenMetrics a draft that only tells when the metrics of another one began goes
 *    into that one (take-in.ts).
 * 2. `settle` (clash.ts) makes drafts and strays live side by side: whoever reserves a name that another needs is
 *    demoted to strays.
 * 3. What is left are the families: each draft, with the strays that may join it, and one unknown family for each
 *    other name among the strays. No line is ever left out.
 *
 * A layout depends on the shapes, on how many hosts have each, and on the own families, not on the data: it is kept
 * and reused until one of these changes (`layoutFits`).
 */
import type { AdmittedShape } from '../link/admission.ts';
import { settle } from './clash.ts';
import { linesWithCreated } from './created.ts';
import { type Draft, decideDraft } from './draft.ts';
import { type Format, header, isGrouped, type OutputType, unknownType } from './format.ts';
import type { HostPoints, OwnFamily } from './input.ts';
import { countLines, type Lines, linesOf } from './lines.ts';
import { classify, type ShapeClass } from './shape-class.ts';
import { helpOf, type Piece, type Source, type Strays } from './source.ts';
import { createdPlaces, takeInCreated } from './take-in.ts';

/** How many hosts have each shape. */
export type ShapeCounts = ReadonlyMap<AdmittedShape, number>;

/** The lines of one family, in all shapes of a class, that go into one output family. */
export interface Member {
  /** Places in `Layout.shapes`. */
  readonly shapes: readonly number[];
  /** Place of the family in each of them. */
  readonly family: number;
  /** Only the lines with this suffix; null takes all. */
  readonly suffix: string | null;
  /** Whether lines are kept together by metric; otherwise each is a metric of its own. */
  readonly grouped: boolean;
  /** Place of the family in each of them whose lines stand in these metrics; see created.ts. */
  readonly created: number | null;
}

/** The lines of one own family that go into one output family. */
export interface OwnMember {
  /** Place in the own families that the layout was made for. */
  readonly own: number;
  /** Only the series with this suffix; null takes all. */
  readonly suffix: string | null;
}

export interface OutputFamily {
  /** As declared: in OpenMetrics a counter has no `_total` here. */
  readonly name: string;
  readonly type: OutputType;
  /** The HELP and TYPE lines, to be written before the first line if there is one. */
  readonly header: string;
  readonly own: readonly OwnMember[];
  readonly members: readonly Member[];
}

/** What had to go out as another type than its own because hosts disagree or names clash. */
export interface Demoted {
  /** Families, as hosts name them, of which some lines were demoted. */
  readonly families: number;
  /** Series, over all hosts. */
  readonly series: number;
}

export interface Layout {
  readonly format: Format;
  /** Ordered by their content, so that the same shapes give the same bytes whoever came first. */
  readonly shapes: readonly AdmittedShape[];
  /** By name. */
  readonly families: readonly OutputFamily[];
  readonly demoted: Demoted;
  /** What the layout was made for; see `layoutFits`. */
  readonly counts: ShapeCounts;
  readonly own: readonly OwnFamily[];
}

/**
 * @param counts how many hosts have each shape: the votes on types and help. It must hold every shape that will be
 *   rendered and may hold more: counted over the whole fleet, types do not change with what a scrape selects. It is kept.
 * @param own the gateway's own families, each name once.
 */
export function createLayout(format: Format, counts: ShapeCounts, own: readonly OwnFamily[]): Layout {
  const shapes = [...counts.keys()].sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  const byName = collect(classify(shapes, counts), own);
  const strays: Strays = new Map();
  const drafts: Draft[] = [];
  for (const name of [...byName.keys()].sort()) {
    const draft = decideDraft(name, byName.get(name) ?? [], format, strays);
    if (draft !== null) drafts.push(draft);
  }
  const remaining = settle(format === 'openmetrics' ? takeInCreated(drafts) : drafts, strays);
  const families = lay(remaining, strays, format);
  const demoted = tally(strays, shapes, counts);
  return { format, shapes, families, demoted, counts, own };
}

/** Whether `layout` is what `createLayout` would make of these, give or take new values of the own series. */
export function layoutFits(layout: Layout, counts: ShapeCounts, own: readonly OwnFamily[]): boolean {
  if (!sameCounts(layout.counts, counts) || own.length !== layout.own.length) return false;
  return own.every((family, i) => {
    const known = layout.own[i];
    return family.name === known?.name && family.type === known.type && family.help === known.help;
  });
}

export function sameCounts(a: ShapeCounts, b: ShapeCounts): boolean {
  // The rule, and thousands of shapes need not be looked at.
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [shape, hosts] of a) if (b.get(shape) !== hosts) return false;
  return true;
}

/** By place of the shape in a layout. */
export type HostsByShape = readonly (readonly HostPoints[])[];

/** The lines that `family` has in each shape, with the hosts of that shape and its place; shapes without hosts are left out. */
export function* linesByShape(
  { shapes }: Layout,
  { members }: OutputFamily,
  hosts: HostsByShape,
): Generator<[lines: Lines, hosts: readonly HostPoints[], shape: number], void, undefined> {
  for (const member of members) {
    for (const place of member.shapes) {
      const list = hosts[place];
      const family = shapes[place]?.families[member.family];
      if (family === undefined || list === undefined || list.length === 0) continue;
      const created = member.created === null ? undefined : shapes[place]?.families[member.created];
      if (created === undefined) yield [linesOf(family, member.suffix, member.grouped), list, place];
      else yield [linesWithCreated(family, created), list, place];
    }
  }
}

function collect(classes: readonly ShapeClass[], own: readonly OwnFamily[]): Map<string, Source[]> {
  const byName = new Map<string, Source[]>();
  const add = (source: Source): void => {
    const sources = byName.get(source.family.name);
    if (sources === undefined) byName.set(source.family.name, [source]);
    else sources.push(source);
  };
  for (const [place, family] of own.entries()) add({ kind: 'own', family, place });
  for (const shapeClass of classes) {
    for (const [place, family] of shapeClass.families.entries()) {
      if (family.prefixes.length > 0) add({ kind: 'host', class: shapeClass, family, place });
    }
  }
  return byName;
}

function lay(drafts: readonly Draft[], strays: Strays, format: Format): OutputFamily[] {
  const families: OutputFamily[] = [];
  const joined = new Set<string>();
  for (const draft of drafts) {
    const { declared, sample, type, help, sources } = draft;
    const created = createdPlaces(draft);
    const pieces: LaidPiece[] = sources.map((source) => {
      const its = source.kind === 'host' ? created.get(source.class) : undefined;
      return { source, suffix: null, created: its ?? null };
    });
    pieces.push(...(strays.get(sample) ?? []));
    joined.add(sample);
    families.push(outputFamily(declared, type, help, pieces, format));
  }
  for (const [name, pieces] of strays) {
    if (joined.has(name)) continue;
    const help = helpOf(pieces.map((piece) => piece.source));
    families.push(outputFamily(name, unknownType(format), help, pieces, format));
  }
  return families.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A piece, and the place of what was taken in with it. */
type LaidPiece = Piece & Partial<Pick<Member, 'created'>>;

function outputFamily(
  name: string,
  type: OutputType,
  help: string,
  pieces: readonly LaidPiece[],
  format: Format,
): OutputFamily {
  const own: OwnMember[] = [];
  const members: Member[] = [];
  for (const { source, suffix, created = null } of pieces) {
    if (source.kind === 'own') own.push({ own: source.place, suffix });
    else {
      const { class: shapeClass, place } = source;
      members.push({ shapes: shapeClass.shapes, family: place, suffix, grouped: isGrouped(type), created });
    }
  }
  return { name, type, header: header(name, type, help, format), own, members };
}

function tally(strays: Strays, shapes: readonly AdmittedShape[], counts: ShapeCounts): Demoted {
  const names = new Set<string>();
  let series = 0;
  for (const { source, suffix } of [...strays.values()].flat()) {
    names.add(source.family.name);
    if (source.kind === 'own') continue;
    for (const place of source.class.shapes) {
      const shape = shapes[place];
      const family = shape?.families[source.place];
      if (shape === undefined || family === undefined) continue;
      series += (counts.get(shape) ?? 0) * countLines(family, suffix);
    }
  }
  return { families: names.size, series };
}

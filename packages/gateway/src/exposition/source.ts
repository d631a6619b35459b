/** What families are put together from: one of a class of shapes, with the hosts that have it, or one of the gateway's own. */
import { suffixesOf } from '@tributary/shared/shape';
import type { AdmittedFamily } from '../link/admission.ts';
import type { OwnFamily } from './input.ts';
import { type ShapeClass, suffixesIn } from './shape-class.ts';

export type Source = HostSource | OwnSource;

export interface HostSource {
  readonly kind: 'host';
  readonly class: ShapeClass;
  /** Place of the family in the class's shapes. */
  readonly place: number;
  /** Of the class's first shape. */
  readonly family: AdmittedFamily;
}

export interface OwnSource {
  readonly kind: 'own';
  /** Place in the own families. */
  readonly place: number;
  readonly family: OwnFamily;
}

/** The lines of a source with one suffix; null means all of them. */
export interface Piece {
  readonly source: Source;
  readonly suffix: string | null;
}

/** By sample name, the lines that go out under it because they cannot go with their family. */
export type Strays = Map<string, Piece[]>;

/** Sets all lines of a source aside under their sample names. */
export function stray(source: Source, strays: Strays): void {
  const suffixes = source.kind === 'own' ? suffixesOf(source.family.type) : suffixesIn(source.family);
  for (const suffix of suffixes) {
    const name = source.family.name + suffix;
    const piece = { source, suffix: suffixes.length === 1 ? null : suffix };
    const pieces = strays.get(name);
    if (pieces === undefined) strays.set(name, [piece]);
    else pieces.push(piece);
  }
}

/** The help of most hosts; ties go to the smallest text. The own family's decides, and an empty one says nothing. */
export function helpOf(sources: readonly Source[]): string {
  const own = sources.find((source) => source.kind === 'own');
  if (own !== undefined) return own.family.help;
  return ofMostHosts(sources, (family) => family.help) ?? '';
}

/**
 * The text that most hosts have for their family; ties go to the smallest.
 * @returns undefined when no host has anything but an empty one.
 */
export function ofMostHosts<T extends string>(
  sources: readonly Source[],
  textOf: (family: AdmittedFamily) => T,
): T | undefined {
  const votes = new Map<T, number>();
  for (const source of sources) {
    if (source.kind === 'own') continue;
    const text = textOf(source.family);
    if (text !== '') votes.set(text, (votes.get(text) ?? 0) + source.class.hosts);
  }
  let winner: T | undefined;
  let most = -1;
  for (const [text, count] of votes) {
    if (count > most || (count === most && winner !== undefined && text < winner)) {
      winner = text;
      most = count;
    }
  }
  return winner;
}

/** The first word on a name: which type its family would have if there were no others. */
import type { AdmittedFamily } from '../link/admission.ts';
import { declare, type Format, isPlain, type OutputType, outputType } from './format.ts';
import { isWhole } from './shape-class.ts';
import { helpOf, ofMostHosts, type Source, type Strays, stray } from './source.ts';

/** A family that has not been held against the others yet. */
export interface Draft {
  /** The name that all sources have; also that of their lines, but for suffixes. */
  readonly sample: string;
  readonly declared: string;
  /** Names that no other family may have, `declared` among them. */
  readonly reserved: readonly string[];
  readonly type: OutputType;
  readonly help: string;
  readonly sources: readonly Source[];
  /** Of two that want one name the lower is demoted; 0 cannot be, since it needs no name but its lines'. */
  readonly rank: number;
  /** Tells when this one's metrics began, and goes with it; see take-in.ts. */
  readonly created: Draft | null;
}

/**
 * @param sources all that are called `name`; at least one.
 * @param strays gets what does not go with the type that is chosen.
 * @returns null when nothing is left.
 */
export function decideDraft(
  name: string,
  sources: readonly Source[],
  format: Format,
  strays: Strays,
): Draft | null {
  const own = sources.find((source) => source.kind === 'own');
  const type = own?.family.type ?? ofMostHosts(sources, (family) => outputType(family.type, format));
  const declaration = type === undefined ? null : declare(type, name, format);
  if (type === undefined || declaration === null) {
    for (const source of sources) stray(source, strays);
    return null;
  }
  const fitting = sources.filter((source) => source.kind === 'own' || fits(source.family, type, format));
  if (fitting.length < sources.length) {
    const kept = new Set(fitting);
    for (const source of sources) if (!kept.has(source)) stray(source, strays);
  }
  if (fitting.length === 0) return null;
  const { name: declared, reserved } = declaration;
  const rank = rankOf(type, reserved, own !== undefined);
  return {
    sample: name,
    declared,
    reserved,
    type,
    help: helpOf(sources),
    sources: fitting,
    rank,
    created: null,
  };
}

/** Counters go before histograms and summaries, which lose more; the gateway's own go last. */
function rankOf(type: OutputType, reserved: readonly string[], own: boolean): number {
  if (isPlain(type) && reserved.length === 1) return 0;
  return (type === 'histogram' || type === 'summary' ? 2 : 1) + (own ? 2 : 0);
}

/** Whether the lines of `family` may stand under `type`. */
function fits(family: AdmittedFamily, type: OutputType, format: Format): boolean {
  const itsType = outputType(family.type, format);
  if (itsType === type) return format === 'text' || isWhole(family);
  // Info and stateset take only their own: they promise the values 1, and 0 or 1.
  return isPlain(type) && itsType !== 'histogram' && itsType !== 'summary';
}

/**
 * Puts the samples of a text together to families as the wire wants them. A family that the gateway would reject, or whose
 * lines do not go with its type, goes out as untyped families called as its samples are: no value is withheld for what is
 * said about it, and nothing that one family does costs the others.
 */
import type { Labels, MetricType } from '@tributary/shared/shape';
import { boundLabel, boundOf, ownLabel, withPlainInfinity, withStoredBound } from './bounds.ts';
import type { Metadata } from './metadata.ts';
import { resolve } from './resolve.ts';

/** A series as a text has it. */
export interface SourceSeries {
  readonly name: string;
  readonly labels: Labels;
}

export interface FamilyHead {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Under which name the text declares it. */
  readonly declared: string;
  /** It is not as the text has it, for what some of its series are. */
  readonly isAltered: boolean;
}

/** Where a series belongs. */
export interface Fitted {
  readonly head: FamilyHead;
  readonly suffix: string;
  /** The very object of the source, unless a bound was rewritten. */
  readonly labels: Labels;
}

interface Member {
  /** Place of the source. */
  readonly source: number;
  readonly name: string;
  readonly suffix: string;
  readonly labels: Labels;
}

interface OpenFamily {
  readonly head: FamilyHead;
  readonly members: Member[];
}

/**
 * @param sources no two with the same name and labels.
 * @returns one for each source.
 */
export function fitFamilies(sources: readonly SourceSeries[], metadata: Metadata): readonly Fitted[] {
  const fitted: Fitted[] = [];
  const families = gather(sources, metadata);
  for (const family of families.values()) {
    for (const { head, members } of fitting(family, families)) {
      for (const { source, suffix, labels } of members) fitted[source] = { head, suffix, labels };
    }
  }
  return fitted;
}

function gather(sources: readonly SourceSeries[], metadata: Metadata): ReadonlyMap<string, OpenFamily> {
  const families = new Map<string, OpenFamily>();
  const known = new Map<string, ReturnType<typeof resolve>>();
  for (const [source, { name, labels }] of sources.entries()) {
    let membership = known.get(name);
    if (membership === undefined) {
      membership = resolve(name, metadata);
      known.set(name, membership);
    }
    const { family, type, suffix, declared } = membership;
    let open = families.get(family);
    if (open === undefined) {
      const help = metadata.get(declared)?.help ?? '';
      open = { head: { name: family, type, help, declared, isAltered: false }, members: [] };
      families.set(family, open);
    }
    open.members.push({ source, name, suffix, labels: withPlainInfinity(type, suffix, labels) });
  }
  return families;
}

/** The family itself if the wire takes it as it is, else what it falls into. */
function fitting(family: OpenFamily, all: ReadonlyMap<string, OpenFamily>): readonly OpenFamily[] {
  const { head, members } = family;
  const { name, type } = head;
  const rewrite = (member: Member) => ({ ...member, labels: withStoredBound(type, member.labels) });
  if (members.every((member) => fits(name, type, member.suffix, member.labels))) {
    const isKept = (type !== 'histogram' || isWhole(members)) && isAbout(all.get(`${name}_created`), family);
    if (isKept) return [family];
    return [{ head: { ...head, isAltered: true }, members: members.map(rewrite) }];
  }
  const parts = new Map<string, OpenFamily>();
  for (const member of members) {
    let part = parts.get(member.name);
    if (part === undefined) {
      part = { head: { ...head, name: member.name, type: 'untyped', isAltered: true }, members: [] };
      parts.set(member.name, part);
    }
    part.members.push({ ...rewrite(member), suffix: '' });
  }
  return [...parts.values()];
}

/** What the gateway asks of a family's series (its link/series-text.ts). */
export function fits(family: string, type: MetricType, suffix: string, labels: Labels): boolean {
  if (type === 'histogram')
    return suffix === '_bucket' ? !Number.isNaN(boundOf(labels, 'le')) : suffix !== '';
  if (type === 'stateset') return (ownLabel(labels, family) ?? '') !== '';
  if (type !== 'summary' || suffix !== '') return true;
  const quantile = boundOf(labels, 'quantile');
  return quantile >= 0 && quantile <= 1;
}

/** Whether the gateway shows it as a histogram to OpenMetrics readers (its exposition/shape-class.ts). */
function isWhole(members: readonly Member[]): boolean {
  const metrics = new Map<string, Set<string>>();
  for (const { suffix, labels } of members) {
    const key = metricKey('histogram', suffix, labels);
    const parts = metrics.get(key) ?? new Set();
    metrics.set(key, parts.add(suffix === '_bucket' ? bucketKind(labels) : suffix));
  }
  return [...metrics.values()].every(
    (parts) =>
      parts.has('+Inf') &&
      parts.has('_sum') === parts.has('_count') &&
      !(parts.has('negative') && parts.has('_sum')),
  );
}

/** Whether the gateway shows what tells when metrics began in these metrics (its exposition/created.ts). True where nothing does. */
function isAbout(created: OpenFamily | undefined, { head, members }: OpenFamily): boolean {
  if (created === undefined) return true;
  const metrics = new Set(members.map(({ suffix, labels }) => metricKey(head.type, suffix, labels)));
  return created.members.every(({ labels }) => metrics.has(metricKey('gauge', '', labels)));
}

/** Equal for all lines of a metric. */
function metricKey(type: MetricType, suffix: string, labels: Labels): string {
  const bound = boundLabel(type, suffix);
  return JSON.stringify(Object.entries(labels).filter(([name]) => name !== bound));
}

function bucketKind(labels: Labels): string {
  const bound = boundOf(labels, 'le');
  return bound === Number.POSITIVE_INFINITY ? '+Inf' : bound < 0 ? 'negative' : 'positive';
}

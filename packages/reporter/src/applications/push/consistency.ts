/**
 * Whether groups can stand beside one another, by Pushgateway's rules: a name has one type wherever it is, no name is that
 * of a histogram's or summary's own lines, and no series is in two groups. One bad push would otherwise cost all
 * that came with it at the gateway, or end as two values of one series in Prometheus.
 */
import type { Labels, MetricType } from '@tributary/shared/shape';
import { flatSorted } from '../../collectors/own-labels.ts';
import type { PushedFamily } from './prepare.ts';
import { finalLabels, type Target } from './target.ts';

export interface Held {
  /** By name. */
  readonly families: ReadonlyMap<string, PushedFamily>;
  readonly target: Target;
}

/**
 * @param families that are to be added to a group.
 * @param rest what the group would hold beside them.
 * @param others all other groups.
 * @returns what is wrong, or null.
 */
export function inconsistencyOf(
  families: readonly PushedFamily[],
  target: Target,
  rest: ReadonlyMap<string, PushedFamily>,
  others: Iterable<Held>,
): string | null {
  const own = new Map(rest);
  for (const family of families) own.set(family.name, family);
  const names = families.map((family) => namesOf(family, target));
  for (const family of names) {
    const clash = nameClash(family, own);
    if (clash !== null) return clash;
  }
  for (const other of others) {
    const clash = clashWith(names, target, other);
    if (clash !== null) return clash;
  }
  return null;
}

/** A family with the names that it must not meet. */
interface Named {
  readonly family: PushedFamily;
  /** Of its own lines. */
  readonly lines: readonly string[];
  /** Families whose lines might be of its name. */
  readonly bases: readonly string[];
  /** Its series. Made when they are first asked for, and once, however many groups have a family of its name. */
  readonly keys: () => ReadonlySet<string>;
}

function namesOf(family: PushedFamily, target: Target): Named {
  const { name, type } = family;
  const suffix = SUFFIXES.find((end) => name.endsWith(end));
  const bases = suffix === undefined ? [] : [name.slice(0, -suffix.length)];
  let made: ReadonlySet<string> | null = null;
  const keys = () => {
    made ??= new Set(seriesOf(family, target));
    return made;
  };
  return { family, lines: linesOf(name, type), bases, keys };
}

function clashWith(families: readonly Named[], target: Target, other: Held): string | null {
  if (target.key === other.target.key)
    return "another group has the same labels, as this host is a group's instance where its path names none";
  const mayShare = mayBeOneTarget(target.labels, other.target.labels);
  for (const named of families) {
    const { family } = named;
    const clash = nameClash(named, other.families);
    if (clash !== null) return clash;
    const theirs = other.families.get(family.name);
    if (theirs === undefined) continue;
    if (theirs.type !== family.type)
      return `${family.name} is of type ${family.type} here and of type ${theirs.type} in another group`;
    if (mayShare && haveSeriesInCommon(named, theirs, other.target))
      return `a series of ${family.name} is in another group already`;
  }
  return null;
}

/** Lines that a family has beside those of its own name. */
function linesOf(name: string, type: MetricType): readonly string[] {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'summary' ? [`${name}_sum`, `${name}_count`] : [];
}

const SUFFIXES = ['_bucket', '_sum', '_count'] as const;

function nameClash(
  { family: { name, type }, lines, bases }: Named,
  others: ReadonlyMap<string, PushedFamily>,
): string | null {
  for (const line of lines) {
    if (others.has(line)) return `the ${type} ${name} has lines of the name of another metric, ${line}`;
  }
  for (const base of bases) {
    const found = others.get(base);
    if (found !== undefined && linesOf(base, found.type).includes(name))
      return `${name} is the name of lines of the ${found.type} ${base}`;
  }
  return null;
}

/**
 * False where a label of the targets differs: their series then do. That is nearly always so, as groups that are made by one
 * rule have the same names in their keys. The instance is left aside, since series may have their own.
 */
function mayBeOneTarget(a: Labels, b: Labels): boolean {
  if ('instance' in a && 'instance' in b && a['instance'] !== b['instance']) return false;
  return Object.entries(a).every(([name, value]) => name === 'instance' || (b[name] ?? value) === value);
}

function haveSeriesInCommon({ keys }: Named, theirs: PushedFamily, theirTarget: Target): boolean {
  for (const key of seriesOf(theirs, theirTarget)) if (keys().has(key)) return true;
  return false;
}

/** Each series with all the labels that it ends up with, the host's name aside, which all have. */
function* seriesOf({ samples }: PushedFamily, target: Target): Generator<string> {
  const fixed = finalLabels(target).filter(([name]) => name !== 'instance');
  for (const sample of samples) {
    const pairs = [...fixed];
    for (let i = 0; i < sample.labels.length; i += 2)
      pairs.push([sample.labels[i] ?? '', sample.labels[i + 1] ?? '']);
    const labels = flatSorted(pairs);
    yield [sample.suffix, sample.instance || target.instance, ...labels].join('\0');
  }
}

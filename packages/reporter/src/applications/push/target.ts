/**
 * What a group's key makes of the labels of its series. The key's labels are the target's, as `job` and `instance` of a
 * scrape are: they stand in for labels of the same name in the body. Where the key has no instance, a series' own is
 * taken, as Pushgateway leaves it alone, and the host where there is none either.
 */
import { isTargetLabelName } from '@tributary/shared/names';
import type { Labels } from '@tributary/shared/shape';
import {
  flatSorted,
  freeName,
  reservedNames,
  sortedByName,
  withoutReserved,
} from '../../collectors/own-labels.ts';

export interface Target {
  /** The shape's labels of series that name no instance of their own. */
  readonly labels: Labels;
  /** The instance of those: the host's name where the key has none, as the gateway fills it in. */
  readonly instance: string;
  /** Equal for targets whose labels are the same in the end. */
  readonly key: string;
  /** What series say of these names is not heard. */
  readonly overridden: ReadonlySet<string>;
  /** Names that series cannot have beside this target. */
  readonly reserved: ReadonlySet<string>;
}

export interface OwnLabels {
  /** '' where the target's stands. */
  readonly instance: string;
  /** Names and values in turn, sorted by name. */
  readonly labels: readonly string[];
}

/**
 * @param key the labels of the group's path; those with an empty value only silence the body's.
 * @param statics the reporter's own labels, which come first.
 */
export function targetOf(key: Labels, statics: ReadonlyMap<string, string>, host: string): Target {
  const taken = new Set(['host', ...statics.keys()]);
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(key)) {
    if (value === '') continue;
    // `host` is the reporter's word alone, and so are the names of its static labels.
    const free = isTargetLabelName(name) ? freeName(name, taken) : freeName(`exported_${name}`, taken);
    taken.add(free);
    labels[free] = value;
  }
  for (const [name, value] of statics) labels[name] = value;
  const instance = labels['instance'] ?? host;
  return {
    labels,
    instance,
    key: JSON.stringify(sortedByName(finalLabels({ labels, instance }))),
    overridden: new Set(Object.keys(key)),
    reserved: reservedNames(Object.keys(labels)),
  };
}

/** @param labels of one series, as they were pushed: names and values in turn, sorted by name, none empty. */
export function ownLabels(labels: readonly string[], target: Target): OwnLabels {
  const { overridden, reserved } = target;
  let instance = '';
  let isPlain = true;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] ?? '';
    if (name === 'instance' || overridden.has(name) || reserved.has(name)) isPlain = false;
  }
  if (isPlain) return { instance, labels };
  const kept: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] ?? '';
    if (overridden.has(name)) continue;
    if (name === 'instance') instance = labels[i + 1] ?? '';
    else kept.push([name, labels[i + 1] ?? '']);
  }
  if (instance === target.instance) instance = '';
  return { instance, labels: withoutReserved(flatSorted(kept), reserved) };
}

/** The labels of a shape whose series have an instance of their own. */
export function withInstance({ labels }: Target, instance: string): Labels {
  return instance === '' ? labels : { ...labels, instance };
}

/** All the labels that every series of the target ends up with, the host's name aside. */
export function finalLabels({
  labels,
  instance,
}: Pick<Target, 'labels' | 'instance'>): readonly [string, string][] {
  return Object.entries({ ...labels, instance }).filter(([, value]) => value !== '');
}

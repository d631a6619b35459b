/** The exposition for whoever has no cursor: the newest point of each group that is still fresh. */
import type { AdmittedShape } from '../link/admission.ts';
import type { HostInput, HostPoints, Point } from './input.ts';
import { hideUnselected } from './select/apply.ts';
import { EVERYTHING, type Selection } from './select/selection.ts';

/** What a host last said of one shape. */
export interface NewestGroup {
  readonly host: string;
  readonly shape: AdmittedShape;
  /** `targetText` of link/series-text.ts. */
  readonly target: string;
  readonly newest: Point;
}

/**
 * @param groups at most one for each host and shape; cheapest in order of the hosts' names.
 * @param freshSince milliseconds since the epoch: older points are left out.
 * @param selection what else is not shown is left out or hidden.
 */
export function newestInput(
  groups: Iterable<NewestGroup>,
  freshSince: number,
  selection: Selection = EVERYTHING,
): HostInput {
  const input = new Map<AdmittedShape, HostPoints[]>();
  const unsorted = new Set<HostPoints[]>();
  for (const { host, shape, target, newest } of groups) {
    if (newest.at < freshSince || !selection.includesHost(host)) continue;
    const mask = selection.hiddenOf(shape, host);
    if (mask === 'none') continue;
    const entry: HostPoints = { host, target, points: [hideUnselected(newest, mask)] };
    const hosts = input.get(shape);
    const last = hosts?.at(-1);
    if (hosts === undefined) input.set(shape, [entry]);
    else {
      if (last !== undefined && last.host > host) unsorted.add(hosts);
      hosts.push(entry);
    }
  }
  for (const hosts of unsorted) hosts.sort((a, b) => (a.host < b.host ? -1 : 1));
  return input;
}

/** The hosts of a selection. */
import type { Fleet } from '../../fleet/fleet.ts';
import type { FleetHost } from '../../fleet/host.ts';
import { EVERYTHING, type Selection } from './selection.ts';

/** By name. Those that `host=` names are looked up, so that one host of ten thousand costs one host; unknown ones are passed over. */
export function selectedHosts(
  fleet: Pick<Fleet, 'hosts' | 'host'>,
  selection: Pick<Selection, 'hosts' | 'includesHost'>,
): readonly FleetHost[] {
  if (selection === EVERYTHING) return fleet.hosts();
  const candidates = selection.hosts?.flatMap((name) => fleet.host(name) ?? []) ?? fleet.hosts();
  return candidates.filter(({ name }) => selection.includesHost(name));
}

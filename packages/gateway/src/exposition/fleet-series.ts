/** The gateway's own series about each host (design: "Own series"). Never with a timestamp. */
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetHost } from '../fleet/host.ts';
import type { OwnFamily, OwnSeries } from '../telemetry/own-family.ts';
import { selectOwn } from './select/apply.ts';
import { selectedHosts } from './select/hosts.ts';
import { EVERYTHING, type Selection } from './select/selection.ts';

type Read = (host: FleetHost, fleet: Fleet) => Iterable<OwnSeries>;

interface Spec {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly read: Read;
}

const one =
  (value: (host: FleetHost, fleet: Fleet) => number): Read =>
  (host, fleet) => [{ suffix: '', labels: { host: host.name }, value: value(host, fleet) }];

const byKey =
  (label: string, counts: (host: FleetHost) => ReadonlyMap<string, number>, scale = 1): Read =>
  (host) =>
    [...counts(host)].map(([key, count]) => ({
      suffix: '',
      labels: { host: host.name, [label]: key },
      value: count * scale,
    }));

const up = (host: FleetHost, fleet: Fleet) => (fleet.isUp(host) ? 1 : 0);

const SPECS: readonly Spec[] = [
  {
    name: 'up',
    type: 'gauge',
    help: '1 if the host is connected and its samples are fresh.',
    read: (host, fleet) =>
      host.reportsUp
        ? []
        : [
            {
              suffix: '',
              labels: { instance: host.name, job: 'node', host: host.name },
              value: up(host, fleet),
            },
          ],
  },
  {
    name: 'tributary_host_up',
    type: 'gauge',
    help: '1 if the host is connected and its samples are fresh.',
    read: one(up),
  },
  {
    name: 'tributary_host_info',
    type: 'gauge',
    help: 'Always 1; the labels tell who the host is.',
    read: (host) => {
      const { name, epoch, agent, os } = host;
      // An agent names itself as program/version.
      const version = agent.slice(agent.lastIndexOf('/') + 1);
      return [{ suffix: '', labels: { host: name, epoch, agent, version, os }, value: 1 }];
    },
  },
  {
    name: 'tributary_host_last_sample_timestamp_seconds',
    type: 'gauge',
    help: "Time of the host's newest sample; 0 while there is none.",
    read: one((host) => host.lastSampleAt / 1000),
  },
  {
    name: 'tributary_host_series',
    type: 'gauge',
    help: 'Series of the host that have a fresh value.',
    read: one((host) => host.series),
  },
  {
    name: 'tributary_host_clock_skew_seconds',
    type: 'gauge',
    help: "The host's own clock minus the gateway's, as its last hello told.",
    read: one((host) => host.skewMs / 1000),
  },
  {
    name: 'tributary_host_samples_total',
    type: 'counter',
    help: 'Samples of the host that were put on disk since the gateway started.',
    read: one((host) => host.samples),
  },
  {
    name: 'tributary_host_dropped_samples_total',
    type: 'counter',
    help: 'Samples that came and were not kept, by reason.',
    read: byKey('reason', (host) => host.dropped),
  },
  {
    name: 'tributary_host_rejects_total',
    type: 'counter',
    help: 'Batches and groups of the host that were rejected, by code.',
    read: byKey('code', (host) => host.rejected),
  },
  {
    name: 'tributary_host_limited_total',
    type: 'counter',
    help: 'How often the host was over a limit: something was turned away for that, or it had to wait.',
    read: byKey('limit', (host) => host.limited.counts),
  },
  {
    name: 'tributary_host_slowed_seconds_total',
    type: 'counter',
    help: 'Time for which nothing was taken from the host, since it was over a rate, by limit.',
    read: byKey('limit', (host) => host.limited.slowedMs, 1 / 1000),
  },
  {
    name: 'tributary_host_lost_seconds_total',
    type: 'counter',
    help: 'Time of which the samples will never come, by reason.',
    read: byKey('reason', (host) => host.lostMs, 1 / 1000),
  },
  {
    name: 'tributary_host_lost_batches_total',
    type: 'counter',
    help: 'Batches that will never come, by reason; also those whose time is not known.',
    read: byKey('reason', (host) => host.lostBatches),
  },
];

/** The families of all selected hosts, read when the exposition comes to them. All have series per host only. */
export function fleetSeries(fleet: Fleet, selection: Selection = EVERYTHING): readonly OwnFamily[] {
  // Not only for `selectOwn` to leave out: one host of ten thousand should cost one host.
  const hosts = selectedHosts(fleet, selection);
  const families = SPECS.map(({ name, type, help, read }) => ({
    name,
    type,
    help,
    *series() {
      for (const host of hosts) yield* read(host, fleet);
    },
  }));
  return selectOwn(families, selection, true);
}

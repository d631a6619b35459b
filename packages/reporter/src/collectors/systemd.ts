/**
 * States of systemd's units. Off by default, as in node_exporter.
 *
 * The answer comes from a child process (systemd-show.ts), which a tick starts but does not wait for: it tells what the
 * child before it has found, and only the first tick waits. So the values are an interval old, and a manager that does not
 * answer costs one child at a time.
 */
import { type OptionValues, switchOption } from '@tributary/shared/options';
import type { Collector, ColumnWriter } from './collector.ts';
import { patternOption, settingsOf } from './collector-options.ts';
import {
  askSystemd,
  type Properties,
  type RunSystemctl,
  runSystemctl,
  type SystemdAnswer,
} from './systemd-show.ts';

export const SYSTEMD_OPTIONS = {
  'unit-include': patternOption({
    help: 'Which units to tell, by their whole name.',
    default: '.+',
    anchored: true,
  }),
  'unit-exclude': patternOption({
    help: 'Which of these units not to tell, by their whole name.',
    default: '.+\\.(automount|device|mount|scope|slice)',
    anchored: true,
  }),
  'enable-task-metrics': switchOption({ help: 'Tell the tasks of services.', default: false }),
  'enable-restarts-metrics': switchOption({ help: 'Tell how often services restarted.', default: false }),
  'enable-start-time-metrics': switchOption({ help: 'Tell since when units are active.', default: false }),
};

type SystemdOptions = OptionValues<typeof SYSTEMD_OPTIONS>;

const STATES = ['active', 'activating', 'deactivating', 'inactive', 'failed'] as const;

interface Unit {
  readonly name: string;
  readonly state: string;
  readonly properties: Properties;
}

/** The number of a property; null when the unit has none, or no limit. Times are written `@1700000000`. */
function numberOf({ properties }: Unit, name: string): number | null {
  const match = /^@?(\d+)$/.exec(properties.get(name) ?? '');
  return match === null ? null : Number(match[1]);
}

function writeManager(out: ColumnWriter, manager: Properties): void {
  const version = manager.get('Version') ?? '';
  const number = /\d{3,}(?:\.\d+)?/.exec(version)?.[0];
  out.family('node_systemd_version', 'gauge', 'Detected systemd version', ['version']);
  out.add(number === undefined ? 0 : Number(number), version);
  const virtualizationHelp = 'Detected virtualization technology';
  out.family('node_systemd_virtualization_info', 'gauge', virtualizationHelp, ['virtualization_type']);
  out.add(1, manager.get('Virtualization') || 'none');
  const runningHelp = "Whether the system is operational (see 'systemctl is-system-running')";
  out.family('node_systemd_system_running', 'gauge', runningHelp);
  out.add(manager.get('SystemState') === 'running' ? 1 : 0);
}

function writeStates(out: ColumnWriter, all: readonly Unit[], told: readonly Unit[]): void {
  out.family('node_systemd_units', 'gauge', 'Summary of systemd unit states', ['state']);
  for (const known of STATES) out.add(all.filter(({ state }) => state === known).length, known);
  out.family('node_systemd_unit_state', 'gauge', 'Systemd unit', ['name', 'state', 'type']);
  for (const { name, state, properties } of told) {
    const hasType = name.endsWith('.service') || name.endsWith('.mount');
    const type = hasType ? (properties.get('Type') ?? '') : '';
    for (const known of STATES) out.add(state === known ? 1 : 0, name, known, type);
  }
}

interface PropertyFamily {
  readonly suffix: string;
  readonly property: string;
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** In place of what a unit does not tell. */
  readonly otherwise?: number;
  readonly option?: keyof SystemdOptions;
}

const FAMILIES: readonly PropertyFamily[] = [
  {
    suffix: '.timer',
    property: 'LastTriggerUSec',
    name: 'node_systemd_timer_last_trigger_seconds',
    type: 'gauge',
    help: 'Seconds since epoch of last trigger.',
    otherwise: 0,
  },
  {
    suffix: '.socket',
    property: 'NAccepted',
    name: 'node_systemd_socket_accepted_connections_total',
    type: 'counter',
    help: 'Total number of accepted socket connections',
  },
  {
    suffix: '.socket',
    property: 'NConnections',
    name: 'node_systemd_socket_current_connections',
    type: 'gauge',
    help: 'Current number of socket connections',
  },
  {
    suffix: '.socket',
    property: 'NRefused',
    name: 'node_systemd_socket_refused_connections_total',
    // node_exporter calls it so.
    type: 'gauge',
    help: 'Total number of refused socket connections',
  },
  {
    suffix: '.service',
    property: 'NRestarts',
    name: 'node_systemd_service_restart_total',
    type: 'counter',
    help: 'Service unit count of Restart triggers',
    option: 'enable-restarts-metrics',
  },
  {
    suffix: '.service',
    property: 'TasksCurrent',
    name: 'node_systemd_unit_tasks_current',
    type: 'gauge',
    help: 'Current number of tasks per Systemd unit',
    option: 'enable-task-metrics',
  },
  {
    suffix: '.service',
    property: 'TasksMax',
    name: 'node_systemd_unit_tasks_max',
    type: 'gauge',
    help: 'Maximum number of tasks per Systemd unit',
    option: 'enable-task-metrics',
  },
];

function writeStartTimes(out: ColumnWriter, units: readonly Unit[]): void {
  const help = 'Start time of the unit since unix epoch in seconds.';
  out.family('node_systemd_unit_start_time_seconds', 'gauge', help, ['name']);
  for (const unit of units) {
    out.add(unit.state === 'active' ? (numberOf(unit, 'ActiveEnterTimestamp') ?? 0) : 0, unit.name);
  }
}

export function writeSystemd(
  out: ColumnWriter,
  { manager, units }: SystemdAnswer,
  options: SystemdOptions,
): void {
  const all = units.map((properties) => {
    return { name: properties.get('Id') ?? '', state: properties.get('ActiveState') ?? '', properties };
  });
  const { 'unit-include': include, 'unit-exclude': exclude } = options;
  const told = all.filter(
    ({ name, properties }) =>
      properties.get('LoadState') === 'loaded' &&
      include?.test(name) !== false &&
      exclude?.test(name) !== true,
  );
  writeManager(out, manager);
  writeStates(out, all, told);
  for (const { suffix, property, name, type, help, otherwise, option } of FAMILIES) {
    if (option !== undefined && options[option] !== true) continue;
    out.family(name, type, help, ['name']);
    for (const unit of told.filter((candidate) => candidate.name.endsWith(suffix))) {
      const value = numberOf(unit, property) ?? otherwise;
      if (value !== undefined) out.add(value, unit.name);
    }
  }
  if (options['enable-start-time-metrics']) writeStartTimes(out, told);
}

/** @param run in place of the system's `systemctl`, in tests. */
export function createSystemdCollector(
  options: SystemdOptions = settingsOf('systemd', SYSTEMD_OPTIONS, {}),
  run: RunSystemctl = runSystemctl,
): Collector {
  /** What the last child found, or why it found nothing. */
  let last: SystemdAnswer | Error | null = null;
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    try {
      last = await askSystemd(run);
    } catch (error) {
      last = error instanceof Error ? error : new Error(String(error));
    } finally {
      asking = null;
    }
  };
  return {
    name: 'systemd',
    isStuck: () => asking !== null,
    async collect(out) {
      asking ??= ask();
      if (last === null) await asking;
      if (last instanceof Error) throw new Error(`systemctl: ${last.message}`, { cause: last });
      if (last !== null) writeSystemd(out, last, options);
    },
  };
}

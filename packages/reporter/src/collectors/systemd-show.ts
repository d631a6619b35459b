/**
 * What `systemctl show` says of the manager and its units, as text: `Name=value` lines, and an empty line between units.
 *
 * D-Bus would tell the same, but needs a client that the reporter would have to carry for a collector that is off by
 * default. The program is asked for a few properties of all units at once.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from './child-environment.ts';

/** The properties of one unit, or of the manager. */
export type Properties = ReadonlyMap<string, string>;

export interface SystemdAnswer {
  readonly manager: Properties;
  readonly units: readonly Properties[];
}

/** Runs `systemctl` with these arguments and gives what it wrote. */
export type RunSystemctl = (args: readonly string[]) => Promise<string>;

const MANAGER_PROPERTIES = ['Version', 'Virtualization', 'SystemState'];
const UNIT_PROPERTIES = [
  'Id',
  'LoadState',
  'ActiveState',
  'Type',
  'NRestarts',
  'TasksCurrent',
  'TasksMax',
  'ActiveEnterTimestamp',
  'LastTriggerUSec',
  'NAccepted',
  'NConnections',
  'NRefused',
];

export function parseShow(text: string): Properties[] {
  const blocks: Properties[] = [];
  for (const block of text.split('\n\n')) {
    const properties = new Map<string, string>();
    for (const line of block.split('\n')) {
      const equals = line.indexOf('=');
      if (equals > 0) properties.set(line.slice(0, equals), line.slice(equals + 1));
    }
    if (properties.size > 0) blocks.push(properties);
  }
  return blocks;
}

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The system's own; it is ended when it takes too long. */
export const runSystemctl: RunSystemctl = async (args) => {
  const { stdout } = await promisify(execFile)('systemctl', [...args], {
    encoding: 'utf8',
    env: childEnvironment({ LC_ALL: 'C', SYSTEMD_COLORS: '0' }),
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return stdout;
};

/** @throws the program's error, for instance where systemd does not run. */
export async function askSystemd(run: RunSystemctl): Promise<SystemdAnswer> {
  const show = (properties: readonly string[], ...more: string[]) =>
    run(['show', '--no-pager', '--timestamp=unix', `--property=${properties.join(',')}`, ...more]);
  const [manager, units] = await Promise.all([
    show(MANAGER_PROPERTIES),
    show(UNIT_PROPERTIES, '--all', '--', '*'),
  ]);
  return { manager: parseShow(manager)[0] ?? new Map(), units: parseShow(units) };
}

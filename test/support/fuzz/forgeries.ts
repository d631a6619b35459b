/**
 * Flows that are sound by their form, and meant to change what the honest hosts show: their families under another type
 * or help, their labels, their names, the gateway's own names, text that could end a line of an exposition.
 */
import type { Random } from '@tributary/shared/random';
import { type Flow, soundFlow } from './flow.ts';

type Change = (shape: Shape, honest: readonly string[], random: Random) => void;

/** As it stands in a frame; whatever it holds is for the gateway to judge. */
interface Shape {
  labels: Record<string, string>;
  families: { name: string; type: string; help: string; series: [string, Record<string, string>][] }[];
}

const HELPS = ['Other.', '', 'a\nb', '# TYPE node_load1 counter', '\\', '"', '\u2028', 'x'.repeat(4096)];
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped', 'info', 'stateset', 'unknown'];
const NAMES = [
  'node_load1_total',
  'node_forks',
  'node_forks_created',
  'node_uname',
  'node_probe_duration_seconds_count',
  'node_probe_duration_seconds_sum',
  'node_probe_duration_seconds_bucket',
  'node_memory_MemTotal_bytes',
  'tributary_host_up',
  'tributary_gateway_build_info',
  'tributary_reporter_own',
  'up',
  'scrape_duration_seconds',
  'process_cpu_seconds_total',
  'nodejs_version_info',
  'ALERTS',
];
const VALUES = [
  'a"b',
  'a\nb',
  'a\\',
  '\\"',
  '\\n',
  '} 1\n',
  '\r',
  '\u0085',
  '\ufeff',
  '\u202e',
  '😀',
  '"} 1 2\n# EOF\n',
];
const LABELS = [
  'host',
  'instance',
  'job',
  'le',
  'quantile',
  'exported_host',
  'exported_exported_host',
  '__name__',
];

const CHANGES: readonly Change[] = [
  ({ families }, _, random) => {
    for (const family of families) family.type = random.pick(TYPES);
  },
  ({ families }, _, random) => {
    for (const family of families) family.help = random.pick(HELPS);
  },
  ({ families }, _, random) => {
    for (const family of families) family.name = random.pick(NAMES);
  },
  ({ labels }, honest, random) => {
    labels['instance'] = random.pick(honest);
    labels['job'] = random.pick(['node', 'app', '']);
  },
  ({ labels }, honest, random) => {
    labels[random.pick(LABELS)] = random.pick([...VALUES, ...honest]);
  },
  ({ families }, honest, random) => {
    for (const { series } of families)
      for (const [, labels] of series) labels[random.pick(LABELS)] = random.pick([...VALUES, ...honest]);
  },
  ({ families }, _, random) => {
    for (const { series } of families) for (const [, labels] of series) labels['x'] = random.pick(VALUES);
  },
];

/** Changes the same in every shape of a sound flow. */
export function forgedFlow(host: string, honest: readonly string[], random: Random, now: number): Flow {
  const flow = soundFlow(host, random, now);
  const change = random.pick(CHANGES);
  const frames = flow.frames.map((text) => {
    const frame = JSON.parse(text) as { kind: string } & Shape;
    if (frame.kind !== 'shape') return text;
    change(frame, honest, random);
    return JSON.stringify(frame);
  });
  return { ...flow, frames };
}

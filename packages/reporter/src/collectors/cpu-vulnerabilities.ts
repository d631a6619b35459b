/**
 * node_cpu_vulnerabilities_info from `/sys/devices/system/cpu/vulnerabilities`: known weaknesses of the CPU, and what the
 * kernel does about them. Off by default, as in node_exporter.
 */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { namesIn, parseOptional } from './source.ts';

export interface Vulnerability {
  /** In small letters. */
  readonly state: 'not affected' | 'vulnerable' | 'mitigation' | 'unknown';
  readonly mitigation: string;
}

const STATES = [
  ['Not affected', 'not affected'],
  ['Vulnerable', 'vulnerable'],
  ['Mitigation', 'mitigation'],
] as const;

/**
 * `Not affected`, `Vulnerable: No microcode`, `Mitigation; Clear buffers`. Whatever begins otherwise is unknown, such as
 * `Unknown: No mitigations` and `KVM: Mitigation: VMX disabled`, which is how node_exporter sees it.
 */
export function parseVulnerability(text: string): Vulnerability {
  for (const [prefix, state] of STATES) {
    if (text.startsWith(prefix))
      return { state, mitigation: text.slice(prefix.length).replace(/^[:;,] ?/, '') };
  }
  return { state: 'unknown', mitigation: text.replace(/^Unknown: /, '') };
}

export function createCpuVulnerabilitiesCollector(roots: Roots): Collector {
  const folder = join(roots.sys, 'devices/system/cpu/vulnerabilities');
  const help =
    'Details of each CPU vulnerability reported by sysfs. The value of the series is an int encoded state of the ' +
    'vulnerability. The same state is stored as a string in the label';
  return {
    name: 'cpu_vulnerabilities',
    collect(out) {
      out.family('node_cpu_vulnerabilities_info', 'gauge', help, ['codename', 'state', 'mitigation']);
      for (const codename of namesIn(folder)) {
        const found = parseOptional(join(folder, codename), parseVulnerability);
        // Always 1, whatever the help says.
        if (found !== null) out.add(1, codename, found.state, found.mitigation);
      }
    },
  };
}

/**
 * Labels of `node_exporter_build_info`, which dashboards and alerts use to see that something stands for node_exporter on a
 * host, and which one.
 *
 * `version` is the node_exporter whose series these are: a rule that asks for a version asks what metrics there are. Who tells
 * them is in the others: `branch` names this program, `revision` its version, `goversion` the Node.js that runs it. `goos` and `goarch` are
 * in Go's words.
 */
import type { Labels } from '@tributary/shared/shape';

/** The node_exporter that the collectors follow and are compared with. */
export const REFERENCE_VERSION = '1.11.1';

/** Where Go's word is not Node's. */
const GOARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** @param version the reporter's. */
export function buildInfo(version: string): Labels {
  return {
    branch: 'tributary-reporter',
    goarch: GOARCH[process.arch] ?? process.arch,
    goos: process.platform === 'win32' ? 'windows' : process.platform,
    goversion: `node-${process.version}`,
    revision: version,
    tags: 'unknown',
    version: REFERENCE_VERSION,
  };
}

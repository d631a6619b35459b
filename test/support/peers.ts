/**
 * Where the programs are that test/tools/fetch-peers brings. Without them a test is skipped, saying how to get them;
 * in CI it runs nevertheless and fails, so that nothing is passed by not being looked at.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Peer =
  | 'PROMETHEUS_3'
  | 'PROMETHEUS_2_53'
  | 'PROMETHEUS_2_42'
  | 'PROMTOOL'
  | 'PYTHON_PROMETHEUS_CLIENT'
  | 'PUSHGATEWAY'
  | 'VICTORIA_METRICS'
  | 'VMAGENT'
  | 'NODE_EXPORTER'
  | 'NGINX';

const folder = process.env['TRIBUTARY_PEERS_DIR'] ?? join(homedir(), '.cache/tributary/peers');

/** For a test's `skip` option. */
export function without(...peers: readonly Peer[]): string | false {
  const missing = peers.filter((peer) => !existsSync(location(peer)));
  return missing.length > 0 && !isCi() ? howToGet(missing) : false;
}

/** The peer's path; throws if it is not there. */
export function pathOf(peer: Peer): string {
  const path = location(peer);
  if (!existsSync(path)) throw new Error(howToGet([peer]));
  return path;
}

export function isCi(): boolean {
  return !['', '0', 'false', undefined].includes(process.env['CI']);
}

function location(peer: Peer): string {
  return join(folder, 'by-name', peer);
}

function howToGet(missing: readonly Peer[]): string {
  return `${missing.join(', ')} not found: run test/tools/fetch-peers (Debian)`;
}

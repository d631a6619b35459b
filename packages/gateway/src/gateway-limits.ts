/** The limits that the options set, and what is told of connections that were closed for one. */
import type { GatewayOptions } from './config.ts';
import type { ConnectionSources } from './http/connection-limits.ts';
import { plainAddress } from './limits/address-key.ts';
import type { ConnectionRefusal } from './limits/connection-refusal.ts';
import { Connections, connectionLimits } from './limits/connections.ts';
import { HandshakeGuard } from './limits/handshake-guard.ts';
import { HostRates } from './limits/host-rates.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';

export interface GatewayLimits {
  readonly rates: HostRates;
  readonly connections: ConnectionSources;
  /** To be asked before a credential is checked that costs much to check. */
  readonly handshakes: HandshakeGuard;
}

/** A flood is no news each time. */
const TELL_EVERY_MS = 60_000;

const WHY: Readonly<Record<ConnectionRefusal, string>> = {
  total: 'as many connections are open as --web.max-connections allows',
  address: 'too many connections of one address have not said who they are; one was closed',
  handshakes: 'too many connections have not said who they are; one was closed',
  handshake_time: 'a connection did not say in time who it is, and was closed',
  idle: 'too many connections of scrapers are idle; the longest idle one was closed',
  credentials: 'an address came with too many bad credentials, and has to wait',
};

export function createLimits(
  options: Pick<
    GatewayOptions,
    'limits.samples-per-second' | 'limits.new-series-per-minute' | 'web.max-connections'
  >,
  log: Pick<Log, 'warn' | 'debug'>,
  metrics: Pick<GatewayMetrics, 'connectionRefused'>,
  uptimeMs: () => number,
): GatewayLimits {
  const connectionsMax = options['web.max-connections'];
  const told = new Map<ConnectionRefusal, { readonly at: number; untold: number }>();
  const connectionRefused = (reason: ConnectionRefusal, address: string) => {
    metrics.connectionRefused(reason);
    const last = told.get(reason);
    const now = uptimeMs();
    if (last !== undefined && now - last.at < TELL_EVERY_MS) {
      last.untold++;
      return;
    }
    told.set(reason, { at: now, untold: 0 });
    // A port scan or a health check that only connects is nothing that anybody has to mend.
    const level = reason === 'handshake_time' ? 'debug' : 'warn';
    log[level]({ reason, address: plainAddress(address), untold: last?.untold ?? 0 }, WHY[reason]);
  };
  const sockets = new Connections(connectionLimits(connectionsMax), connectionRefused, uptimeMs);
  return {
    rates: new HostRates(
      () => ({
        samplesPerSecond: options['limits.samples-per-second'],
        newSeriesPerMinute: options['limits.new-series-per-minute'],
      }),
      uptimeMs,
    ),
    connections: { sockets, connectionsMax, connectionRefused },
    handshakes: new HandshakeGuard(connectionRefused, uptimeMs),
  };
}

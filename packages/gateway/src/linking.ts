/** Wires the link: whom it lets in, what it judges by, and whom it tells. */
import type { IncomingMessage } from 'node:http';
import { systemClock } from '@tributary/shared/clock';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import type { GatewayOptions } from './config.ts';
import type { Scrapers } from './exposition/replay/scrapers.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Forget } from './forgetting.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { HostTimes } from './link/host-times.ts';
import { type Authorize, LinkServer } from './link/server.ts';
import type { ShapeRegistry } from './link/shape-registry.ts';
import type { Voices } from './link/voices.ts';
import { observeLink } from './link-events.ts';
import type { Straining } from './straining.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';
import type { Trust } from './trusting.ts';

export interface LinkingParts {
  readonly options: GatewayOptions;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly scrapers: Scrapers;
  readonly shapes: ShapeRegistry;
  readonly voices: Voices;
  /** By host. */
  readonly times: Map<string, HostTimes>;
  readonly limits: GatewayLimits;
  readonly trust: Trust;
  readonly forget: Forget;
  readonly uptimeMs: () => number;
  readonly onFault: (error: unknown, host?: string) => void;
  readonly phase: () => 'starting' | 'running' | 'stopping';
  readonly straining: Straining;
  /** True while the ledger has no room for more. */
  readonly isFull: () => boolean;
}

export function createLink(parts: LinkingParts): LinkServer {
  const { options, log, metrics, fleet, ledger, scrapers, shapes, voices, times, limits, trust } = parts;
  const { forget, uptimeMs, onFault, isFull } = parts;
  return new LinkServer({
    context: {
      limits: DEFAULT_LIMITS,
      clock: systemClock,
      uptimeMs,
      shapes,
      voices,
      rates: limits.rates,
      times,
      observer: observeLink({ fleet, forget, metrics, log, uptimeMs, left: (host) => trust.left(host) }),
      delivered: (host, epoch) => scrapers.deliveredSeq(host, epoch),
      clockIsWrong: () => fleet.clockIsWrong(),
      isFull,
      isOneTooMany: (host) => fleet.size >= options['limits.hosts'] && fleet.host(host) === undefined,
      horizonMs: () => options['storage.retention.time'],
      paceMs: () => parts.straining.paceMs,
    },
    ledger,
    authorize: (request) => authorize(request, parts),
    greeted: (socket) => limits.connections.sockets.spoke(socket),
    random: Math.random,
    onFault,
  });
}

function authorize(request: IncomingMessage, { trust, phase, limits }: LinkingParts): ReturnType<Authorize> {
  const admitted = trust.admit(request);
  if (admitted.refusal !== null) return admitted;
  if (phase() !== 'running') return { refusal: { status: 503, message: 'the gateway is not ready' } };
  // With a credential it need not wait for its hello; whoever shows none may hold no place by an upgrade alone.
  if (admitted.isKnown) limits.connections.sockets.spoke(request.socket);
  return admitted;
}

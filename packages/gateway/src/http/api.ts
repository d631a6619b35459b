/** `/api/v1/*`: JSON in Prometheus's envelope. Times are ISO 8601 in UTC, null where there is none. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetHost } from '../fleet/host.ts';
import type { RivalTimes } from '../fleet/rivals.ts';
import type { Space } from '../free-space.ts';
import { askedBy, only } from './access.ts';
import { failure, isoTime, success } from './envelope.ts';
import type { Readiness } from './health.ts';

export interface ApiSources {
  readonly fleet: Fleet;
  readonly readiness: Readiness;
  readonly version: string;
  readonly startedAt: number;
  /** Every option as it is in effect now, by flag. */
  readonly flags: () => Readonly<Record<string, string>>;
  /** Whether a reporter speaks for the host, be it that it is not welcomed yet. */
  readonly isConnected: (host: string) => boolean;
  /** @param by whose wish it was */
  readonly forget: (host: string, told: string, by: string) => Promise<void>;
  readonly ledger: () => {
    generation: string;
    bytes: number;
    entries: number;
    oldestAt: number;
    pendingBytes: number;
    /** How much it may take up. */
    limitBytes: number;
  };
  /** Of the disk that it is on; null when that does not tell. */
  readonly space: () => Promise<Space | null>;
  /** Options that have other values in the configuration than in effect, and take a restart. */
  readonly restartPending: () => readonly string[];
}

export function registerApi(app: FastifyInstance, sources: ApiSources): void {
  const { fleet } = sources;
  app.get('/api/v1/hosts', () => success(fleet.hosts().map((host) => summary(fleet, host))));
  app.get<{ Params: { name: string } }>('/api/v1/hosts/:name', (request, reply) => {
    const host = fleet.host(request.params.name);
    if (host === undefined) return unknown(reply);
    return success(detail(fleet, host));
  });
  app.delete<{ Params: { name: string } }>('/api/v1/hosts/:name', only('admin'), async (request, reply) => {
    const { name } = request.params;
    if (fleet.host(name) === undefined) return unknown(reply);
    if (sources.isConnected(name)) {
      const error = `${name} is connected and would come back at once; stop its reporter first`;
      return reply.code(409).send(failure('conflict', error));
    }
    await sources.forget(name, 'host was deleted and is forgotten', askedBy(request));
    return success(null);
  });
  app.get('/api/v1/status', async () => {
    const { version, startedAt, readiness } = sources;
    const { generation, bytes, entries, oldestAt, pendingBytes, limitBytes } = sources.ledger();
    const disk = await sources.space();
    const notReady = readiness();
    return success({
      version,
      startTime: isoTime(startedAt),
      ready: notReady === null,
      ...(notReady === null ? {} : { notReady }),
      hosts: { known: fleet.size, up: fleet.hosts().filter((host) => fleet.isUp(host)).length },
      ledger: {
        ...{ generation, bytes, batches: entries, oldest: isoTime(oldestAt), pendingBytes },
        ...{ limitBytes, disk },
      },
      restartPending: sources.restartPending(),
    });
  });
  // As Prometheus's own.
  app.get('/api/v1/status/flags', () => success(sources.flags()));
}

function unknown(reply: FastifyReply) {
  return reply.code(404).send(failure('not_found', 'no such host; see /api/v1/hosts'));
}

function summary(fleet: Fleet, host: FleetHost) {
  return {
    host: host.name,
    up: fleet.isUp(host),
    connected: host.connected,
    connectedSince: host.connected ? isoTime(host.connectedAt) : null,
    address: host.address,
    epoch: host.epoch,
    run: host.run,
    agent: host.agent,
    os: host.os,
    seq: host.seq,
    lastSample: isoTime(host.lastSampleAt),
    series: host.series,
    samples: host.samples,
    clockSkewMs: host.skewMs,
    limited: fleet
      .limitsInForce(host)
      .map(({ limit, since, last }) => ({ limit, since: isoTime(since), last: isoTime(last) })),
    rivals: { refused: rivalTimes(host.rivals.refused), returned: rivalTimes(host.rivals.returned) },
  };
}

function rivalTimes(times: RivalTimes | null) {
  return times === null ? null : { ...times, last: isoTime(times.last) };
}

function detail(fleet: Fleet, host: FleetHost) {
  return {
    ...summary(fleet, host),
    dropped: Object.fromEntries(host.dropped),
    rejected: Object.fromEntries(host.rejected),
    limitedTimes: Object.fromEntries(host.limited.counts),
    slowedMs: Object.fromEntries(host.limited.slowedMs),
    lostMs: Object.fromEntries(host.lostMs),
    lostBatches: Object.fromEntries(host.lostBatches),
    gaps: host.gaps.map(({ fromAt, toAt, ...gap }) => ({ ...gap, from: isoTime(fromAt), to: isoTime(toAt) })),
  };
}

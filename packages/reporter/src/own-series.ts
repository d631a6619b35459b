/** What the reporter tells of itself, as one more collector. */
import { getHeapStatistics } from 'node:v8';
import type { Collector, ColumnWriter } from './collectors/collector.ts';

/** Counters of one process; they start at zero with it. */
export interface ReporterCounters {
  connects: number;
  sentBatches: number;
  sentBytes: number;
  rejects: Map<string, number>;
  skips: Map<string, number>;
  refusals: Map<string, number>;
  /** Ticks whose batch the disk refused. */
  failedAppends: number;
  /** Samples that a collector had and that could not be told, by collector. */
  leftOut: Map<string, number>;
  /** Samples that were more than a gateway takes of a host, by source: see series-budget.ts. */
  overLimit: Map<string, number>;
  /** Ticks that were not taken: see ticker.ts. */
  missedTicks: number;
  /** Ticks that began late: see ticker.ts. */
  lateTicks: number;
  /** How late the last one began. */
  tickDelayMs: number;
}

export function createCounters(): ReporterCounters {
  return {
    connects: 0,
    sentBatches: 0,
    sentBytes: 0,
    rejects: new Map(),
    skips: new Map(),
    refusals: new Map(),
    failedAppends: 0,
    leftOut: new Map(),
    overLimit: new Map(),
    missedTicks: 0,
    lateTicks: 0,
    tickDelayMs: 0,
  };
}

export interface OwnSources {
  readonly version: string;
  readonly counters: ReporterCounters;
  readonly isStreaming: () => boolean;
  readonly correctionMs: () => number;
  readonly intervalMs: () => number;
  readonly spool: () => {
    readonly bytes: number;
    readonly oldest: number;
    readonly next: number;
    readonly acked: number;
    readonly dropped: ReadonlyMap<string, number>;
  };
  /** From 0 to 4: see straining.ts. */
  readonly strain: () => number;
  readonly reload: () => {
    readonly lastReloadSuccessful: boolean;
    /** In ms since 1970. */
    readonly lastReloadSuccessAt: number;
  };
}

export function createOwnCollector(sources: OwnSources): Collector {
  return {
    name: 'reporter',
    collect(out) {
      writeLink(out, sources);
      writePace(out, sources);
      writeSpool(out, sources);
      writeReload(out, sources);
    },
  };
}

function writeLink(out: ColumnWriter, { version, counters, isStreaming, correctionMs }: OwnSources): void {
  out.family('tributary_reporter_build_info', 'gauge', 'Always 1; the labels tell the version.', [
    'version',
    'nodeversion',
  ]);
  out.add(1, version, process.version);
  one(
    out,
    'tributary_reporter_connected',
    'gauge',
    '1 while samples stream to the gateway.',
    isStreaming() ? 1 : 0,
  );
  one(
    out,
    'tributary_reporter_connects_total',
    'counter',
    'Connections that the gateway welcomed.',
    counters.connects,
  );
  one(
    out,
    'tributary_reporter_sent_batches_total',
    'counter',
    'Batches that were sent, repeats included.',
    counters.sentBatches,
  );
  one(
    out,
    'tributary_reporter_sent_bytes_total',
    'counter',
    'Bytes of batches that were sent, before compression.',
    counters.sentBytes,
  );
  byKey(
    out,
    'tributary_reporter_rejects_total',
    'Batches and groups that the gateway rejected.',
    'code',
    counters.rejects,
  );
  byKey(
    out,
    'tributary_reporter_refusals_total',
    'Connections that the gateway refused.',
    'code',
    counters.refusals,
  );
  byKey(
    out,
    'tributary_reporter_skipped_batches_total',
    'Batches that were passed without being sent.',
    'reason',
    counters.skips,
  );
  one(
    out,
    'tributary_reporter_clock_correction_seconds',
    'gauge',
    "What is added to the host's own clock, which disagrees with the gateway's; 0 while it is followed.",
    correctionMs() / 1000,
  );
}

function writePace(out: ColumnWriter, { counters, intervalMs, strain }: OwnSources): void {
  one(
    out,
    'tributary_reporter_interval_seconds',
    'gauge',
    'How far ticks are apart at present.',
    intervalMs() / 1000,
  );
  one(
    out,
    'tributary_reporter_strain_level',
    'gauge',
    'How hard the reporter presses on its limits of CPU and memory: 0 for not at all, up to 4.',
    strain(),
  );
  one(
    out,
    'tributary_reporter_heap_used_bytes',
    'gauge',
    "Memory of V8's heap that is in use.",
    getHeapStatistics().used_heap_size,
  );
  one(
    out,
    'tributary_reporter_tick_delay_seconds',
    'gauge',
    'How late the event loop came to the last tick.',
    counters.tickDelayMs / 1000,
  );
  one(
    out,
    'tributary_reporter_ticks_late_total',
    'counter',
    'Ticks that began late, by more than a tenth of the interval.',
    counters.lateTicks,
  );
  one(
    out,
    'tributary_reporter_ticks_missed_total',
    'counter',
    'Ticks that were not taken: due while the one before them still was, or while the process did not run.',
    counters.missedTicks,
  );
}

function writeSpool(out: ColumnWriter, { counters, spool }: OwnSources): void {
  const { bytes, oldest, next, acked, dropped } = spool();
  one(out, 'tributary_reporter_spool_bytes', 'gauge', 'Bytes that the spool takes up.', bytes);
  one(out, 'tributary_reporter_spool_batches', 'gauge', 'Batches that the spool holds.', next - oldest);
  one(
    out,
    'tributary_reporter_spool_unacked_batches',
    'gauge',
    'Batches that the gateway has not confirmed.',
    next - 1 - acked,
  );
  byKey(
    out,
    'tributary_reporter_spool_dropped_batches_total',
    'Batches that were dropped before the gateway had them.',
    'reason',
    dropped,
  );
  one(
    out,
    'tributary_reporter_spool_failed_appends_total',
    'counter',
    'Ticks whose batch the disk refused.',
    counters.failedAppends,
  );
  byKey(
    out,
    'tributary_reporter_left_out_samples_total',
    'Samples of a collector that are not told: another collector tells them too, or no gateway would take them.',
    'collector',
    counters.leftOut,
  );
  byKey(
    out,
    'tributary_reporter_over_limit_samples_total',
    'Samples that are not told, since the host has more series than a gateway takes of it.',
    'source',
    counters.overLimit,
  );
}

function writeReload(out: ColumnWriter, { reload }: OwnSources): void {
  const { lastReloadSuccessful, lastReloadSuccessAt } = reload();
  one(
    out,
    'tributary_reporter_config_last_reload_successful',
    'gauge',
    '1 unless what was read last could not be taken; what was in effect goes on then.',
    lastReloadSuccessful ? 1 : 0,
  );
  one(
    out,
    'tributary_reporter_config_last_reload_success_timestamp_seconds',
    'gauge',
    'When it was read and taken last.',
    lastReloadSuccessAt / 1000,
  );
}

function one(out: ColumnWriter, name: string, type: 'gauge' | 'counter', help: string, value: number): void {
  out.family(name, type, help);
  out.add(value);
}

function byKey(
  out: ColumnWriter,
  name: string,
  help: string,
  label: string,
  counts: ReadonlyMap<string, number>,
): void {
  out.family(name, 'counter', help, [label]);
  for (const [key, count] of counts) out.add(count, key);
}

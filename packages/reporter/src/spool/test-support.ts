/** Help for tests that need a spool. Not loaded by the reporter. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Shape } from '@tributary/shared/shape';
import type { AppendOptions } from './batch.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import type { SpoolGroup } from './stored-groups.ts';

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'spool-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const HOUR_MS = 3_600_000;

/** A spool with limits that no test meets by accident; closed after the test. */
export function openSpool(t: TestContext, options: Partial<SpoolOptions> = {}): Spool {
  const spool = new Spool({
    folder: options.folder ?? temporaryFolder(t),
    retentionMs: 24 * HOUR_MS,
    bytesMax: 256 * 1024 * 1024,
    keepAckedMs: HOUR_MS,
    now: START_AT,
    ...options,
  });
  t.after(() => spool.close());
  return spool;
}

/** Some moment of 2026. */
export const START_AT = 1_790_000_000_000;
export const INTERVAL_MS = 10_000;

export function shapeOf(...names: readonly string[]): Shape {
  return {
    labels: { job: 'node' },
    families: names.map((name) => ({ name, type: 'gauge', help: 'Help.', series: [['', {}]] })),
  };
}

const SHAPE = shapeOf('node_load1');

export interface Tick extends Partial<AppendOptions> {
  readonly at?: number;
  readonly boot?: string;
  readonly mono?: number;
  readonly groups?: readonly SpoolGroup[];
}

/** Appends one tick: ticks are an interval apart, the clock of the boot began at `START_AT`. @returns its seq. */
export function appendTick(spool: Spool, tick: Tick = {}): number {
  const at = tick.at ?? (spool.lastAt === 0 ? START_AT : spool.lastAt + INTERVAL_MS);
  return spool.append(
    { at, boot: tick.boot ?? 'boot-1', mono: tick.mono ?? at - START_AT },
    [tick.groups ?? [{ shape: SHAPE, values: [spool.next] }]],
    {
      willSend: tick.willSend ?? false,
      timeIsSure: tick.timeIsSure ?? true,
      stepMs: tick.stepMs ?? INTERVAL_MS / 2,
    },
  );
}

export function appendTicks(spool: Spool, count: number, tick: Tick = {}): void {
  for (let i = 0; i < count; i++) appendTick(spool, tick);
}

/** A group of about so many bytes, so that limits of size are met soon. */
export function largeGroups(bytes: number): readonly SpoolGroup[] {
  const values = Array.from({ length: Math.ceil(bytes / 8) }, () => 1_234_567);
  return [{ shape: SHAPE, values }];
}

export function seqsOf(spool: Spool): number[] {
  return spool.read(1, Number.POSITIVE_INFINITY).map(({ seq }) => seq);
}

export function timesOf(spool: Spool): number[] {
  return spool.read(1, Number.POSITIVE_INFINITY).map(({ at }) => at);
}

/** Decides what of one batch is kept: every group by itself, so that one bad group costs only itself. */
import { presentCount } from '@tributary/shared/column';
import type { Fault, FaultLimit, RejectCode } from '@tributary/shared/errors';
import type { Batch, Group } from '@tributary/shared/frames';
import { FUTURE_MS_MAX, type WireLimits } from '@tributary/shared/limits';
import type { Admission, AdmittedShape } from './admission.ts';
import type { HostTimes } from './host-times.ts';
import type { AdmittedEntry, DropReason, SettledEntry } from './observer.ts';
import { BatchSeries, SHAPES_IN_PAIRS_MAX } from './series-set.ts';

export interface BatchVerdict {
  /** What settles the seq: the groups that were kept, or a tombstone when none was. */
  readonly entry: SettledEntry;
  readonly rejects: readonly {
    readonly group: number | null;
    readonly code: RejectCode;
    readonly message: string;
    readonly limit?: FaultLimit;
  }[];
  /** Samples that were not kept, by reason. */
  readonly drops: ReadonlyMap<DropReason, number>;
  /** What judging it took beyond reading its values, in samples; 0 for a host with few shapes that is far from its bound on series. */
  readonly cost: number;
}

/** Looks at a shape, or at a series of one, that count for a sample. */
const LOOKS_PER_SAMPLE = 8;

/** For so long after its last use a shape's series count as the host's: as long as they are shown by default. */
const SERIES_LIVE_MS = 5 * 60_000;

/**
 * @param now the gateway's clock, against which the future is judged.
 * @param before of the batches of one connection, so that what they have in common is looked at once.
 */
export function judgeBatch(
  batch: Batch,
  hash: number,
  shapes: ReadonlyMap<number, Admission>,
  times: HostTimes,
  limits: WireLimits,
  now: number,
  before = new BatchSeries(),
): BatchVerdict {
  const drops = new Map<DropReason, number>();
  const drop = (reason: DropReason, samples: number) => drops.set(reason, (drops.get(reason) ?? 0) + samples);
  if (batch.at > now + FUTURE_MS_MAX) {
    const message = `batch.at ${batch.at} is ${batch.at - now} ms ahead of the gateway's clock`;
    drop('rejected', samplesOf(batch));
    const entry = tombstone(batch, hash, 'rejected:FUTURE', now);
    return { entry, rejects: [{ group: null, code: 'FUTURE', message }], drops, cost: 0 };
  }
  const rejects: ({ group: number } & Fault)[] = [];
  const sound: AdmittedEntry['groups'][number][] = [];
  before.begin();
  const left = seriesLeftFor(batch, shapes, times, limits);
  let { seriesLeft } = left;
  const cost = Math.ceil((left.looks + pairsOf(batch, shapes.size)) / LOOKS_PER_SAMPLE);
  for (const [i, group] of batch.groups.entries()) {
    const checked = checkGroup(group, `groups[${i}]`, shapes, before, seriesLeft);
    if ('code' in checked) {
      rejects.push({ group: i, ...checked });
      drop('rejected', samplesOfGroup(group));
      continue;
    }
    seriesLeft -= checked.shape.length;
    before.add(checked.shape);
    sound.push(checked);
  }
  const verdicts = times.judge(sound);
  const groups = sound.filter(({ column }, i) => {
    const verdict = verdicts[i];
    if (verdict === undefined || verdict === 'new') return true;
    drop(verdict, presentCount(column));
    return false;
  });
  const first = rejects[0];
  // A batch without any group is a sign of life, and is kept as one.
  if (groups.length > 0 || batch.groups.length === 0) {
    return {
      entry: { kind: 'batch', seq: batch.seq, at: batch.at, groups, contentHash: hash },
      rejects,
      drops,
      cost,
    };
  }
  const reason = first === undefined ? `dropped:${[...drops.keys()].join(',')}` : `rejected:${first.code}`;
  return { entry: tombstone(batch, hash, reason, batch.at), rejects, drops, cost };
}

/** The groups whose shapes are sound. */
export function admittedGroups(
  batch: Batch,
  shapes: ReadonlyMap<number, Admission>,
): { readonly shape: AdmittedShape; readonly at: number }[] {
  return batch.groups.flatMap(({ shape: id, at }) => {
    const shape = shapes.get(id)?.shape ?? null;
    return shape === null ? [] : [{ shape, at }];
  });
}

/** How many series the groups of the batch may have together; more than it has when the host is far from its bound. */
function seriesLeftFor(
  batch: Batch,
  shapes: ReadonlyMap<number, Admission>,
  times: HostTimes,
  { seriesMax }: WireLimits,
): { readonly seriesLeft: number; readonly looks: number } {
  const using = new Set<AdmittedShape>();
  let wanted = 0;
  for (const { shape } of admittedGroups(batch, shapes)) {
    using.add(shape);
    wanted += shape.length;
  }
  const since = batch.at - SERIES_LIVE_MS;
  const most = wanted + times.seriesBesideMax(using, since);
  if (most <= seriesMax) return { seriesLeft: seriesMax, looks: 0 };
  return { seriesLeft: seriesMax - times.seriesBeside(using, since), looks: most };
}

/** What is shown of a host is held against all that it has. */
function pairsOf({ groups }: Batch, shapes: number): number {
  return groups.length * Math.max(0, shapes - SHAPES_IN_PAIRS_MAX);
}

function checkGroup(
  group: Group,
  what: string,
  shapes: ReadonlyMap<number, Admission>,
  before: BatchSeries,
  seriesLeft: number,
): AdmittedEntry['groups'][number] | Fault {
  if (group.column === null)
    return group.fault ?? { code: 'INVALID_VALUE', message: `${what} has no values` };
  const admission = shapes.get(group.shape);
  if (admission === undefined) {
    const message = `${what} names shape ${group.shape}, which was not declared on this connection`;
    return { code: 'UNKNOWN_SHAPE', message };
  }
  if (admission.shape === null) return admission.fault;
  const { shape } = admission;
  if (group.column.values.length !== shape.length) {
    const message = `${what} has ${group.column.values.length} values, but shape ${group.shape} has ${shape.length} series`;
    return { code: 'WRONG_LENGTH', message };
  }
  if (shape.length > seriesLeft) {
    return {
      code: 'TOO_MANY_SERIES',
      limit: 'series',
      message: `${what} has ${shape.length} series, and the host may have ${Math.max(0, seriesLeft)} more`,
    };
  }
  if (before.has(shape)) {
    return {
      code: 'DUPLICATE_SERIES',
      message: `${what} has series that an earlier group of the batch has too`,
    };
  }
  return { shape, at: group.at, column: group.column };
}

function tombstone(batch: Batch, hash: number, reason: string, at: number): SettledEntry {
  return { kind: 'tombstone', seq: batch.seq, lastSeq: batch.seq, fromAt: at, at, reason, contentHash: hash };
}

function samplesOf(batch: Batch): number {
  return batch.groups.reduce((sum, group) => sum + samplesOfGroup(group), 0);
}

/** What could not be read counts as one: something was lost. */
function samplesOfGroup(group: Group): number {
  return group.column === null ? 1 : presentCount(group.column);
}

/** However many of them are absent. */
export function valuesOf({ groups }: Batch): number {
  return groups.reduce((sum, { column }) => sum + (column?.values.length ?? 0), 0);
}

/**
 * The groups that applications have pushed, as Pushgateway keeps them: a push replaces a group, or those families of it
 * that it names, and what is there is told at every tick until it is deleted.
 *
 * A group's columns are made when it was pushed and handed over as they are until then, so that a tick costs next to
 * nothing. Everything is checked before anything changes: a refused push leaves its group as it was, but for
 * `push_failure_time_seconds`.
 */
import { LABELS_MAX } from '@tributary/shared/limits';
import { isTargetLabelName, quote } from '@tributary/shared/names';
import type { Labels } from '@tributary/shared/shape';
import { type Column, ColumnRecorder } from '../../collectors/columns.ts';
import type { TextFamily } from '../../collectors/exposition-text/families.ts';
import { LEAVING_MS, Leaving } from '../leaving.ts';
import { type Held, inconsistencyOf } from './consistency.ts';
import { PUSH_FAILURE_TIME, PUSH_TIME, type PushedFamily, prepare, sampleKey } from './prepare.ts';
import { PushError } from './push-error.ts';
import { type Target, targetOf, withInstance } from './target.ts';

export interface GroupLimits {
  /** Series that one group may have, its two times included. */
  readonly groupSeriesMax: number;
  /** Of all groups, and those that were told within five minutes and are no more. */
  readonly seriesMax: number;
  /** Of all groups' help, names and labels, as often as the wire has them: a series alone may have 100,000. */
  readonly charsMax: number;
  /** Targets of all groups: a group has one, and one more for each instance that its series name themselves. */
  readonly targetsMax: number;
}

/** A host may have 20,000 series in all, and a batch 1,024 groups, which are not for applications alone. */
export const GROUP_LIMITS: GroupLimits = {
  groupSeriesMax: 5_000,
  seriesMax: 10_000,
  charsMax: 4 * 1024 * 1024,
  targetsMax: 256,
};

/** On two clocks, in ms. */
export interface PushMoment {
  /** Since 1970, as well as it is known. */
  readonly now: number;
  readonly mono: number;
}

export interface GroupsOptions {
  readonly host: string;
  /** The reporter's own labels. */
  readonly statics: ReadonlyMap<string, string>;
  /** Jobs whose series the reporter tells itself. */
  readonly takenJobs: readonly string[];
  readonly limits?: GroupLimits;
}

export interface Group extends Held {
  /** The labels of the path. */
  readonly labels: Labels;
  readonly families: Map<string, PushedFamily>;
  /** In ms since 1970; 0 is never. */
  pushedAt: number;
  failedAt: number;
  /** When it was last pushed, well or not. */
  touched: number;
  series: number;
  /** Of its families. */
  chars: number;
  /** The group's own, and one for each instance that its series name. */
  targets: number;
  /** By instance. */
  readonly recorders: Map<string, ColumnRecorder>;
  columns: readonly Column[] | null;
}

/** The two times that each group has. */
const OWN_SERIES = 2;
const PUSH_TIME_HELP = 'When the group was last pushed, in seconds since 1970; 0 is never.';
const FAILURE_TIME_HELP = 'When a push to the group was last refused, in seconds since 1970; 0 is never.';

export class Groups {
  readonly #options: GroupsOptions;
  readonly #limits: GroupLimits;
  readonly #groups = new Map<string, Group>();
  readonly #leaving = new Leaving();
  /** Groups and families that a tick has told. */
  readonly #told = new WeakSet<object>();
  #changes = 0;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.#limits = options.limits ?? GROUP_LIMITS;
  }

  /** Rises with each change, so that whoever keeps the groups knows whether there is something to keep. */
  get changes(): number {
    return this.#changes;
  }

  get size(): number {
    return this.#groups.size;
  }

  get series(): number {
    return this.all().reduce((sum, { series }) => sum + series, 0);
  }

  all(): readonly Group[] {
    return [...this.#groups.values()];
  }

  /**
   * Takes a push.
   * @param replace all that the group has, and not only the families that the push names.
   * @throws PushError; the failure is noted by then.
   */
  push(labels: Labels, body: readonly TextFamily[], replace: boolean, moment: PushMoment): void {
    try {
      this.#apply(labels, body, replace, moment);
    } catch (error) {
      if (error instanceof PushError && error.reason !== 'format') this.noteFailure(labels, moment);
      throw error;
    }
  }

  /** @returns false when there is none. */
  delete(labels: Labels, { mono }: Pick<PushMoment, 'mono'>): boolean {
    const key = keyOf(labels);
    const group = this.#groups.get(key);
    if (group !== undefined) this.#remove(key, group, mono);
    return group !== undefined;
  }

  #remove(key: string, group: Group, mono: number): void {
    this.#groups.delete(key);
    this.#changes++;
    for (const name of this.#lostBy(key, group, new Map())) this.#leaving.leave(name, 1, mono);
    if (this.#told.has(group) || this.#leaving.isBack(key)) this.#leaving.leave(key, OWN_SERIES, mono);
  }

  /** Puts back what was kept of a group. @throws PushError */
  restore(
    labels: Labels,
    body: readonly TextFamily[],
    times: Pick<Group, 'pushedAt' | 'failedAt' | 'touched'>,
  ): void {
    const group = this.#apply(labels, body, true, { now: times.pushedAt, mono: times.touched });
    group.failedAt = times.failedAt;
  }

  /** @returns how many were last pushed before `before`, and are gone. @param mono now. */
  expire(before: number, mono: number): number {
    const old = [...this.#groups].filter(([, { touched }]) => touched < before);
    for (const [key, group] of old) this.#remove(key, group, mono);
    return old.length;
  }

  /** What a tick tells. */
  columns(): Column[] {
    return this.all().flatMap((group) => {
      if (group.columns === null) {
        group.columns = columnsOf(group);
        for (const told of [group, ...group.families.values()]) this.#told.add(told);
      }
      return group.columns;
    });
  }

  #apply(labels: Labels, body: readonly TextFamily[], replace: boolean, moment: PushMoment): Group {
    const key = keyOf(labels);
    const known = this.#groups.get(key);
    const target = known?.target ?? this.#targetOf(labels);
    const fault = this.#faultOf(labels, target);
    if (fault !== null) throw fault;
    const families = prepare(body, target);
    const after = new Map(replace ? [] : known?.families);
    const rest = new Map(after);
    for (const family of families) {
      rest.delete(family.name);
      // One that was there keeps its place, so that the shape stays the same.
      after.set(family.name, family);
    }
    const targets = instancesOf(after.values()).size;
    const lost = known === undefined ? [] : this.#lostBy(key, known, after);
    const back = keysOf(key, families).filter((name) => this.#leaving.has(name));
    const leaving = this.#leaving.series(moment.mono) + lost.length - back.length;
    this.#checkLimits(known, after, targets, leaving);
    const others = this.all().filter((group) => group !== known);
    const wrong = inconsistencyOf(families, target, rest, others);
    if (wrong !== null) {
      const message = `pushed metrics are invalid or inconsistent with existing metrics: ${wrong}`;
      throw new PushError('inconsistent', message);
    }
    for (const name of lost) this.#leaving.leave(name, 1, moment.mono);
    for (const name of [key, ...back]) this.#leaving.back(name);
    const group = known ?? emptyGroup(labels, target);
    group.families.clear();
    for (const family of after.values()) group.families.set(family.name, family);
    group.series = seriesOf(after.values());
    group.chars = charsOf(after.values());
    group.targets = targets;
    group.pushedAt = moment.now;
    group.touched = moment.mono;
    group.columns = null;
    this.#groups.set(key, group);
    this.#changes++;
    return group;
  }

  /** Keys of the group's series that were told, and will be no longer. */
  #lostBy(key: string, { families }: Group, after: ReadonlyMap<string, PushedFamily>): string[] {
    const told = [...families.values()]
      .filter((family) => after.get(family.name) !== family)
      .flatMap((family) => {
        const keys = keysOf(key, [family]);
        return this.#told.has(family) ? keys : keys.filter((name) => this.#leaving.isBack(name));
      });
    if (told.length === 0) return told;
    const stay = new Set(keysOf(key, after.values()));
    return told.filter((name) => !stay.has(name));
  }

  /** What no push to a group of this key can change; null when it may be. */
  #faultOf(labels: Labels, { labels: wired, reserved }: Target): PushError | null {
    const { job = '' } = labels;
    if (this.#options.takenJobs.includes(job)) {
      const message = `the job ${job} is the reporter's own on this host; choose another name`;
      return new PushError('reserved', message);
    }
    if (reserved.size > LABELS_MAX)
      return new PushError('path', `the path has more labels than the ${LABELS_MAX} that a series may have`);
    const unfit = Object.keys(wired).find((name) => !isTargetLabelName(name));
    return unfit === undefined ? null : new PushError('path', `improper label name ${quote(unfit)}`);
  }

  #targetOf(labels: Labels): Target {
    const { statics, host } = this.#options;
    return targetOf(labels, statics, host);
  }

  #checkLimits(
    known: Group | undefined,
    after: ReadonlyMap<string, PushedFamily>,
    targets: number,
    leaving: number,
  ): void {
    const { groupSeriesMax, seriesMax, charsMax, targetsMax } = this.#limits;
    const series = seriesOf(after.values());
    if (series > groupSeriesMax) {
      const message = `the group would have ${series} series, and may have ${groupSeriesMax}`;
      throw new PushError('too_many_series', message);
    }
    const left = seriesMax - this.series + (known?.series ?? 0) - leaving;
    if (series > left) {
      const message = `the group would have ${series} series, and all groups together may have ${Math.max(0, left)} more`;
      const why = `; ${leaving} that were replaced or deleted keep their place for ${LEAVING_MS / 60_000} minutes`;
      throw new PushError('too_many_series', leaving === 0 ? message : message + why);
    }
    const others = this.all().reduce((sum, { chars }) => sum + chars, 0) - (known?.chars ?? 0);
    if (others + charsOf(after.values()) > charsMax) {
      const message = `names, labels and help of all groups would have more than ${charsMax} characters`;
      throw new PushError('too_much_text', message);
    }
    if (this.#targets - (known?.targets ?? 0) + targets > targetsMax) {
      const what = 'groups, and instances named within them, are as many as there may be';
      throw new PushError('too_many_groups', `${what}: ${targetsMax}; delete those that are not needed`);
    }
  }

  get #targets(): number {
    return this.all().reduce((sum, { targets }) => sum + targets, 0);
  }

  /** As Pushgateway does, also for a group that there was not: that is how a job which never succeeded is seen. */
  noteFailure(labels: Labels, { now, mono }: PushMoment): void {
    const key = keyOf(labels);
    let group = this.#groups.get(key);
    if (group === undefined) {
      const { seriesMax, targetsMax } = this.#limits;
      const series = this.series + this.#leaving.series(mono);
      if (this.#targets >= targetsMax || series + OWN_SERIES > seriesMax) return;
      const target = this.#targetOf(labels);
      if (this.#faultOf(labels, target) !== null) return;
      group = emptyGroup(labels, target);
      if (inconsistencyOf([], group.target, new Map(), this.all()) !== null) return;
      this.#groups.set(key, group);
    }
    group.failedAt = now;
    group.touched = mono;
    group.columns = null;
    this.#changes++;
  }
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function keysOf(group: string, families: Iterable<PushedFamily>): string[] {
  return [...families].flatMap(({ name, samples }) =>
    samples.map((sample) => `${group}\0${name}\0${sampleKey(sample)}`),
  );
}

function emptyGroup(labels: Labels, target: Target): Group {
  return {
    labels,
    target,
    families: new Map(),
    pushedAt: 0,
    failedAt: 0,
    touched: 0,
    series: OWN_SERIES,
    chars: 0,
    targets: 1,
    recorders: new Map(),
    columns: null,
  };
}

function seriesOf(families: Iterable<PushedFamily>): number {
  let count = OWN_SERIES;
  for (const { samples } of families) count += samples.length;
  return count;
}

function charsOf(families: Iterable<PushedFamily>): number {
  let chars = 0;
  for (const family of families) chars += family.chars;
  return chars;
}

/** '' among them, for the two times. */
function instancesOf(families: Iterable<PushedFamily>): ReadonlySet<string> {
  const instances = new Set(['']);
  for (const { samples } of families) for (const { instance } of samples) instances.add(instance);
  return instances;
}

function columnsOf(group: Group): Column[] {
  const instances = instancesOf(group.families.values());
  for (const instance of group.recorders.keys())
    if (!instances.has(instance)) group.recorders.delete(instance);
  return [...instances].flatMap((instance) => {
    const recorder = recorderOf(group, instance);
    if (instance === '') {
      recorder.foreignFamily(PUSH_TIME, 'gauge', PUSH_TIME_HELP);
      recorder.addForeign(group.pushedAt / 1000, '', []);
      recorder.foreignFamily(PUSH_FAILURE_TIME, 'gauge', FAILURE_TIME_HELP);
      recorder.addForeign(group.failedAt / 1000, '', []);
    }
    for (const { name, type, help, samples } of group.families.values()) {
      const own = samples.filter((sample) => sample.instance === instance);
      if (own.length === 0) continue;
      recorder.foreignFamily(name, type, help);
      for (const { suffix, labels, value } of own) recorder.addForeign(value, suffix, labels);
    }
    return recorder.take() ?? [];
  });
}

function recorderOf({ recorders, target }: Group, instance: string): ColumnRecorder {
  let recorder = recorders.get(instance);
  if (recorder === undefined) {
    recorder = new ColumnRecorder(withInstance(target, instance));
    recorders.set(instance, recorder);
  }
  return recorder;
}

/** The end of a scenario: figures for docs/RELIABILITY.md, and the assertion that nothing is lost. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Agreement, type CompareOptions, compareHost, sumUp } from './agreement.ts';
import { LONG } from './durations.ts';
import type { Downtime } from './programs.ts';
import { type Intake, type Point, Prometheus } from './prometheus.ts';
import { beginningOf, JOBS, type SettleOptions, type Stage } from './stage.ts';
import type { TruthSource } from './truth-source.ts';
import type { VictoriaMetrics } from './victoria-metrics.ts';

export interface Figures extends Agreement {
  readonly scenario: string;
  readonly store: string;
  readonly isLong: boolean;
  readonly hosts: number;
  readonly series: number;
  /** What `count_over_time` says of all the hosts' own series. */
  readonly counted: number;
  readonly scrapes: number;
  /** Between the beginnings of two scrapes of a target. */
  readonly longestPauseMs: number;
  /** Seconds that the slowest scrapes took, the slowest first. */
  readonly slowestSeconds: readonly number[];
  /** Scrapes that failed while the gateway was up. */
  readonly failures: number;
  /** How long those took: near the timeout it was the timeout. Prometheus itself logs no scrape that failed. */
  readonly failedSeconds: readonly number[];
  /** Scrapes that failed since the gateway was away. */
  readonly failuresWhileDown: number;
  readonly warnings: readonly string[];
  readonly intake: Intake | null;
  readonly seconds: number;
}

export interface VerdictOptions extends SettleOptions, CompareOptions {
  readonly scenario: string;
  /** What should be stored; everything in the fleet's spools unless given. */
  readonly truths?: readonly TruthSource[];
  /** Further times in which a scrape may fail, beside those in which the gateway was away. */
  readonly excused?: readonly Downtime[];
}

/** Before a kill a scrape may have been under way, and after a return its socket may still be the old one. */
const SLACK_MS = 1_100;
const SLOWEST_TOLD_MAX = 5;
const WARNINGS_TOLD_MAX = 5;

/** Takes the figures of one store, and tells them as one line of JSON. The fleet must be at rest. */
export async function takeFigures(
  t: TestContext,
  stage: Stage,
  store: Prometheus | VictoriaMetrics,
  options: VerdictOptions,
): Promise<Figures> {
  const truths = options.truths ?? stage.truths();
  await stage.settled(store, truths, options);
  const agreements: Agreement[] = [];
  let series = 0;
  for (const { host, read } of truths) {
    const truth = read();
    assert.deepEqual(truth.faults, [], `the truth of ${host} is not whole`);
    agreements.push(await compareHost(truth, store, options));
    series += truth.series.size;
  }
  const counts = await store.counts(beginningOf(truths) - 1);
  const isPrometheus = store instanceof Prometheus;
  const perTarget = isPrometheus ? [...(await store.scrapes(JOBS, stage.startedAt)).values()] : [];
  const ups = perTarget.flat();
  const failed = ups.filter(({ value }) => value !== 1).map(({ at }) => at);
  const excused = [...stage.gateway.downtimes, ...(options.excused ?? [])];
  const unexcused = failed.filter(
    (at) => !excused.some(({ from, to }) => at >= from - SLACK_MS && at <= to + SLACK_MS),
  );
  const took = isPrometheus ? await store.scrapeSeconds(JOBS, stage.startedAt) : [];
  const figures: Figures = {
    scenario: options.scenario,
    store: store.name,
    isLong: LONG,
    hosts: truths.length,
    series,
    ...sumUp(agreements),
    counted: truths.reduce((sum, { host }) => sum + (counts.get(host) ?? 0), 0),
    scrapes: ups.length,
    longestPauseMs: Math.max(0, ...perTarget.map(longestPause)),
    slowestSeconds: slowest(took),
    failures: unexcused.length,
    failedSeconds: took.filter(({ at }) => unexcused.includes(at)).map(({ value }) => value),
    failuresWhileDown: failed.length - unexcused.length,
    warnings: store.warnings().slice(0, WARNINGS_TOLD_MAX),
    intake: isPrometheus ? await store.intake() : null,
    seconds: Math.round((Date.now() - stage.startedAt) / 1000),
  };
  t.diagnostic(`figures: ${JSON.stringify(figures)}`);
  return figures;
}

function slowest(took: readonly Point[]): readonly number[] {
  return took
    .map(({ value }) => value)
    .sort((a, b) => b - a)
    .slice(0, SLOWEST_TOLD_MAX);
}

function longestPause(ups: readonly Point[]): number {
  return ups.reduce((longest, { at }, i) => Math.max(longest, at - (ups[i - 1]?.at ?? at)), 0);
}

/** Nothing missing, nothing wrong, nothing that should not be there, and no scrape failed while the gateway was up. */
export function assertWhole(figures: Figures): void {
  const { expected, missing, wrong, extra, duplicated, failures, scenario, store, examples } = figures;
  const { failedSeconds } = figures;
  assert.ok(expected > 0, `${scenario}: nothing was recorded`);
  assert.deepEqual(
    { missing, wrong, extra, duplicated, failures },
    { missing: 0, wrong: 0, extra: 0, duplicated: 0, failures: 0 },
    `${scenario}, ${store}: of ${expected} points ${missing} are missing, ${wrong} wrong, ${extra} extra, ${duplicated} doubled; ${failures} scrapes failed after ${failedSeconds.join(', ') || 'no'} s\n${examples.join('\n')}`,
  );
}

/** Lets the fleet rest, and asserts that each store has everything. */
export async function assertAllWhole(
  t: TestContext,
  stage: Stage,
  stores: readonly (Prometheus | VictoriaMetrics)[],
  options: VerdictOptions,
): Promise<readonly Figures[]> {
  await stage.rest(options);
  const truths = options.truths ?? stage.truths();
  const all: Figures[] = [];
  for (const store of stores) all.push(await takeFigures(t, stage, store, { ...options, truths }));
  for (const figures of all) assertWhole(figures);
  return all;
}

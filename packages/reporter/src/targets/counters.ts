/** What the reporter tells of its scraping besides the status of each target. Counters of one process. */
import type { Collector, ColumnWriter } from '../collectors/collector.ts';

type Counts = Map<string, number>;

export class TargetCounters {
  #jobs: readonly string[] = [];
  readonly #scrapes: Counts = new Map();
  readonly #late: Counts = new Map();
  /** By job and instance: which of a job's targets is down, and why, is what is asked first. */
  readonly #failures = new Map<string, Counts>();
  readonly #leftOut = new Map<string, Counts>();

  constructor(jobs: Iterable<string>) {
    this.tell(jobs);
  }

  /** Those that are told from now on; what was counted of others goes, so that it cannot pile up. */
  tell(jobs: Iterable<string>): void {
    this.#jobs = [...new Set(jobs)];
    const isGone = (key: string) => !this.#jobs.includes(key.split('\0')[0] ?? '');
    for (const counts of [this.#scrapes, this.#late, this.#failures, this.#leftOut])
      for (const key of [...counts.keys()].filter(isGone)) counts.delete(key);
  }

  scraped(job: string): void {
    add(this.#scrapes, job, 1);
  }

  /** One that was due while the one before it was still going on, or waiting for its turn. */
  late(job: string): void {
    add(this.#late, job, 1);
  }

  failed(job: string, instance: string, reason: string): void {
    add(countsOf(this.#failures, `${job}\0${instance}`), reason, 1);
  }

  leftOut(job: string, reason: string, samples: number): void {
    add(countsOf(this.#leftOut, job), reason, samples);
  }

  /** `Feed.own` */
  get own(): Collector {
    return { name: 'targets', collect: (out) => this.#write(out) };
  }

  #write(out: ColumnWriter): void {
    const byJob = (name: string, help: string, counts: Counts) => {
      out.family(name, 'counter', help, ['scrape_job']);
      for (const job of this.#jobs) out.add(counts.get(job) ?? 0, job);
    };
    byJob('tributary_reporter_target_scrapes_total', 'Scrapes of targets, good or bad.', this.#scrapes);
    byJob(
      'tributary_reporter_target_late_scrapes_total',
      'Scrapes that were passed over, since the one before them was not done.',
      this.#late,
    );
    const failureLabels = ['scrape_job', 'scrape_instance', 'reason'];
    out.family('tributary_reporter_target_failures_total', 'counter', 'Scrapes that failed.', failureLabels);
    for (const [target, counts] of this.#failures) {
      const [job = '', instance = ''] = target.split('\0');
      for (const [reason, count] of counts) out.add(count, job, instance, reason);
    }
    const leftOutName = 'tributary_reporter_target_left_out_samples_total';
    out.family(leftOutName, 'counter', 'Samples of targets that were not told.', ['scrape_job', 'reason']);
    for (const [job, counts] of this.#leftOut) {
      for (const [reason, count] of counts) out.add(count, job, reason);
    }
  }
}

function add(counts: Counts, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function countsOf(all: Map<string, Counts>, job: string): Counts {
  let counts = all.get(job);
  if (counts === undefined) {
    counts = new Map();
    all.set(job, counts);
  }
  return counts;
}

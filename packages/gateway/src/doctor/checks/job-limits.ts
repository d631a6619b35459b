/** Limits of a scrape job. Passing one fails the whole scrape, and a replay brings more than a scrape usually does. */
import { LABEL_VALUE_CHARS_MAX, LABELS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { type Finding, finding, prometheusJob } from '../finding.ts';
import type { GatewayFacts } from '../gateway-facts.ts';
import { askedBy, type GatewayJob } from '../jobs.ts';
import type { JobConfig } from '../prometheus-config.ts';
import { bytes, duration, said } from '../words.ts';
import type { Facts } from './facts.ts';

/** Of the timeout; the replay grows until it reaches a fifth, so longer ones have another cause. */
const SLOW_SHARE = 0.8;

export function checkJobLimits({ gateway, jobs }: Facts): Finding[] {
  return jobs.flatMap((job) => {
    const { config } = job;
    if (config === null) return [];
    return [
      ...checkSamples(job, config, gateway),
      ...checkBytes(job, config),
      ...checkLabels(job, config),
      ...checkTargets(job, config, gateway),
      ...checkDuration(job, config),
    ];
  });
}

/** What failed last, if it was for this. */
function failure({ targets }: GatewayJob, pattern: RegExp): string {
  const error = targets.find(({ lastError }) => pattern.test(lastError))?.lastError ?? '';
  return error === '' ? '' : ` It has failed just now: ${said(error)}.`;
}

const EATEN =
  'A scrape above it fails as a whole. Replays bring more than that, and are then served and counted as taken, but not stored.';

function checkSamples(
  job: GatewayJob,
  { name, sampleLimit }: JobConfig,
  { hosts, flags }: GatewayFacts,
): Finding[] {
  if (sampleLimit === 0) return [];
  const failed = failure(job, /sample limit exceeded/i);
  // Beside the backlog there are the newest points, of two scrape intervals at most.
  const live = 2 * hosts.reduce((sum, { series }) => sum + series, 0);
  const room = sampleLimit - live;
  const flag = Number(flags.get('replay.max-points') ?? Number.POSITIVE_INFINITY);
  const most = Math.max(...job.targets.map((target) => Math.min(flag, askedBy(target).pointsMax ?? flag)));
  if (failed === '' && most <= room) return [];
  return [
    finding('SAMPLE_LIMIT', {
      severity: failed === '' ? 'warning' : 'error',
      what: `The job ${JSON.stringify(name)} has sample_limit: ${sampleLimit}, and may be served up to ${most} points of backlog besides the present.${failed}`,
      means: EATEN,
      change: prometheusJob(
        name,
        'sample_limit: 0    # or no such line',
        ...(room > 1000
          ? [`# or keep it, and ask for less: params: {max_points: ['${Math.floor(room / 2)}']}`]
          : []),
      ),
    }),
  ];
}

function checkBytes(job: GatewayJob, { name, bodySizeLimit }: JobConfig): Finding[] {
  if (bodySizeLimit === 0) return [];
  const failed = failure(job, /body size limit exceeded/i);
  const isBelow = job.targets.every((target) => (askedBy(target).bytesMax ?? Infinity) <= bodySizeLimit);
  if (failed === '' && isBelow) return [];
  const half = Math.max(1, Math.floor(bodySizeLimit / 2 / 1024 / 1024));
  return [
    finding('BODY_SIZE_LIMIT', {
      severity: failed === '' ? 'warning' : 'error',
      what: `The job ${JSON.stringify(name)} has body_size_limit: ${bytes(bodySizeLimit)}, which counts uncompressed bytes.${failed}`,
      means: EATEN,
      change: prometheusJob(
        name,
        'body_size_limit: 0    # or no such line',
        `# or keep it, and ask for less: params: {max_bytes: [${half}MB]}`,
      ),
    }),
  ];
}

function checkLabels(job: GatewayJob, config: JobConfig): Finding[] {
  const { name, labelLimit, labelNameLimit, labelValueLimit } = config;
  const failed = failure(
    job,
    /label_limit|label_name_length_limit|label_value_length_limit|label limit|label (name|value) length/i,
  );
  const low = (
    [
      // The gateway adds job, instance and host, and __name__ counts as well.
      ['label_limit', labelLimit, LABELS_MAX + 4],
      ['label_name_length_limit', labelNameLimit, NAME_CHARS_MAX],
      ['label_value_length_limit', labelValueLimit, LABEL_VALUE_CHARS_MAX],
    ] as const
  ).filter(([, limit, most]) => limit > 0 && limit < most);
  return low.map(([option, limit, most]) =>
    finding('LABEL_LIMIT', {
      severity: failed === '' ? 'warning' : 'error',
      what: `The job ${JSON.stringify(name)} has ${option}: ${limit}, and the gateway takes up to ${most} from hosts.${failed}`,
      means: 'One host with one series above it fails the scrape of all hosts.',
      change: prometheusJob(name, `${option}: ${most}    # or no such line`),
    }),
  );
}

function checkTargets(job: GatewayJob, { name, targetLimit }: JobConfig, { hosts }: GatewayFacts): Finding[] {
  if (targetLimit === 0) return [];
  const failed = failure(job, /target_limit/i);
  const isPerHost = job.targets.some((target) => askedBy(target).hosts !== '');
  if (failed === '' && !(isPerHost && hosts.length > 0.9 * targetLimit)) return [];
  return [
    finding('TARGET_LIMIT', {
      severity: failed === '' ? 'warning' : 'error',
      what: `The job ${JSON.stringify(name)} has target_limit: ${targetLimit}, and there are ${hosts.length} hosts.${failed}`,
      means: 'With one target more than that all scrapes of the job fail.',
      change: prometheusJob(
        name,
        `target_limit: ${Math.max(2 * targetLimit, 2 * hosts.length)}    # or no such line`,
      ),
    }),
  ];
}

function checkDuration(job: GatewayJob, { name, timeoutMs, intervalMs }: JobConfig): Finding[] {
  const slowest = Math.max(0, ...job.targets.map(({ lastScrapeSeconds }) => lastScrapeSeconds)) * 1000;
  if (timeoutMs === 0 || slowest < SLOW_SHARE * timeoutMs) return [];
  const longer = 2 * timeoutMs;
  return [
    finding('SCRAPE_SLOW', {
      what: `The last scrape of the job ${JSON.stringify(name)} took ${(slowest / 1000).toFixed(1)} s of its ${duration(timeoutMs)}.`,
      means: 'One that takes longer fails, and comes again with less.',
      change: prometheusJob(
        name,
        ...(longer > intervalMs ? [`scrape_interval: ${duration(longer)}`] : []),
        `scrape_timeout: ${duration(longer)}    # or share the hosts out: params: {shard: [0/2]} and {shard: [1/2]}`,
      ),
    }),
  ];
}

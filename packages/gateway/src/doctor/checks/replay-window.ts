/**
 * Whether Prometheus takes points as old as the gateway serves. Without an out-of-order window it takes an hour before its newest
 * sample, and silently drops what is older. With one it takes the past back to that, and a single older point fails the whole scrape.
 */
import { parseDuration } from '@tributary/shared/units';
import { type Finding, finding, gatewayOption, prometheusJob } from '../finding.ts';
import { flagMs, type GatewayFacts, replayWindowMs } from '../gateway-facts.ts';
import { type Asked, askedBy, type GatewayJob } from '../jobs.ts';
import type { PrometheusFacts } from '../prometheus-facts.ts';
import { duration } from '../words.ts';
import type { Facts } from './facts.ts';

const MINUTE_MS = 60_000;
/** By so much a window has to be shorter than what Prometheus takes (docs/RELIABILITY.md). */
const SAFETY_MS = 15 * MINUTE_MS;
/** The same without an out-of-order window, where nothing fails. */
const STOCK_SAFETY_MS = 10 * MINUTE_MS;
const BLOCK_MS = 2 * 60 * MINUTE_MS;
/** What Prometheus could take and is not served is worth a word from there on. */
const WORTH_MS = 60 * MINUTE_MS;

export function checkReplayWindow({ gateway, prometheus, jobs }: Facts): Finding[] {
  const config = prometheus?.config ?? null;
  if (prometheus === null || config === null) return [];
  return jobs.flatMap((job) => [
    ...checkWindow(job, gateway, prometheus, config.outOfOrderMs),
    ...checkOrder(job, gateway, config.outOfOrderMs),
    ...checkCut(job, gateway),
  ]);
}

/** The longest that any target of the job is served. */
function servedMs(job: GatewayJob, gateway: GatewayFacts): number | null {
  const mostMs = replayWindowMs(gateway);
  if (mostMs === null) return null;
  return Math.max(...job.targets.map((target) => Math.min(askedBy(target).windowMs ?? mostMs, mostMs)));
}

function checkWindow(
  job: GatewayJob,
  gateway: GatewayFacts,
  { flags }: PrometheusFacts,
  outOfOrderMs: number,
): Finding[] {
  const windowMs = servedMs(job, gateway);
  if (windowMs === null) return [];
  if (outOfOrderMs > 0) return checkOutOfOrder(job, windowMs, outOfOrderMs);
  // The head takes half a block before its newest sample.
  const stockMs = (parseDuration(flags.get('storage.tsdb.min-block-duration') ?? '') ?? BLOCK_MS) / 2;
  if (windowMs <= Math.max(0, stockMs - STOCK_SAFETY_MS)) return [];
  return [
    finding('WINDOW_TOO_LONG', {
      severity: windowMs > stockMs ? 'error' : 'warning',
      what: `The job ${JSON.stringify(job.name)} is served what is up to ${duration(windowMs)} old, and Prometheus takes ${duration(stockMs)} without out_of_order_time_window.`,
      means: 'What is older is served, dropped by Prometheus, and counted as taken.',
      change: {
        where: 'prometheus.yml',
        lines: [
          `storage: {tsdb: {out_of_order_time_window: ${duration(windowMs + SAFETY_MS)}}}`,
          `# or for the gateway: ${gatewayLine(stockMs - STOCK_SAFETY_MS)}`,
        ],
      },
    }),
  ];
}

function checkOutOfOrder(job: GatewayJob, windowMs: number, outOfOrderMs: number): Finding[] {
  const fittingMs = Math.max(0, outOfOrderMs - SAFETY_MS);
  if (windowMs > fittingMs)
    return [
      finding('WINDOW_TOO_LONG', {
        severity: windowMs > outOfOrderMs ? 'error' : 'warning',
        what: `The job ${JSON.stringify(job.name)} is served what is up to ${duration(windowMs)} old, and out_of_order_time_window is ${duration(outOfOrderMs)}.`,
        means:
          'One point that is older than that fails the whole scrape ("too old sample"); 15m have to be between the two.',
        change: {
          where: 'prometheus.yml',
          lines: [
            `storage: {tsdb: {out_of_order_time_window: ${duration(windowMs + SAFETY_MS)}}}`,
            ...(fittingMs > 0 ? [`# or for the gateway: ${gatewayLine(fittingMs)}`] : []),
          ],
        },
      }),
    ];
  if (fittingMs - windowMs < WORTH_MS) return [];
  const hasOwn = job.targets.some((target) => askedBy(target).windowMs !== null);
  return [
    finding('WINDOW_SHORTER_THAN_PROMETHEUS', {
      what: `Prometheus takes what is up to ${duration(outOfOrderMs)} old, and the job ${JSON.stringify(job.name)} is served ${duration(windowMs)}.`,
      means: 'After a longer outage of Prometheus the rest stays a gap, which could be filled.',
      change: hasOwn
        ? prometheusJob(job.name, `params: {window: [${duration(fittingMs)}]}`)
        : gatewayOption('replay.window', duration(fittingMs)),
    }),
  ];
}

function gatewayLine(ms: number): string {
  return `replay: {window: ${duration(Math.max(MINUTE_MS, ms))}}`;
}

function checkOrder(job: GatewayJob, gateway: GatewayFacts, outOfOrderMs: number): Finding[] {
  if (outOfOrderMs > 0) return [];
  const orderOf = (asked: Asked) => asked.order || (gateway.flags.get('replay.order') ?? 'in-order');
  const asked = job.targets.map(askedBy).find((each) => orderOf(each) === 'live-first');
  if (asked === undefined) return [];
  return [
    finding('LIVE_FIRST_WITHOUT_WINDOW', {
      what: `The job ${JSON.stringify(job.name)} is served live-first, and Prometheus has no out_of_order_time_window.`,
      means: 'Once it has the present of a series it refuses the past: every backlog is lost.',
      change: {
        where: 'prometheus.yml',
        lines: [
          'storage: {tsdb: {out_of_order_time_window: 1d}}',
          asked.order === ''
            ? '# or for the gateway: replay: {order: in-order}'
            : '# or in its job: params: {order: [in-order]}',
        ],
      },
    }),
  ];
}

/** What a job asks for beyond the gateway's flags is cut to them. */
function checkCut(job: GatewayJob, gateway: GatewayFacts): Finding[] {
  const windowMs = flagMs(gateway, 'replay.window');
  const pointsMax = Number(gateway.flags.get('replay.max-points') ?? Number.NaN);
  const asked = job.targets.map(askedBy);
  const longest = Math.max(0, ...asked.map((each) => each.windowMs ?? 0));
  const most = Math.max(0, ...asked.map((each) => each.pointsMax ?? 0));
  const found: Finding[] = [];
  if (windowMs !== null && longest > windowMs)
    found.push(
      cut(job, `window=${duration(longest)}`, duration(windowMs), 'replay.window', duration(longest)),
    );
  if (most > pointsMax)
    found.push(cut(job, `max_points=${most}`, `${pointsMax}`, 'replay.max-points', `${most}`));
  return found;
}

function cut(job: GatewayJob, asked: string, given: string, option: string, value: string): Finding {
  return finding('REPLAY_CUT', {
    what: `The job ${JSON.stringify(job.name)} asks for ${asked}, and --${option} is ${given}.`,
    means: 'It gets what the flag allows, and no more.',
    change: gatewayOption(option, value),
  });
}

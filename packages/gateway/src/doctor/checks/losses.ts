/**
 * What was lost, rejected or will never be served. The counters go back to the gateway's start; with Prometheus's help it is
 * known what is over, which then is a note.
 */
import { act, type Change, type Finding, finding, gatewayOption, type Severity } from '../finding.ts';
import { flagMs, type GatewayFacts, replayWindowMs } from '../gateway-facts.ts';
import type { Recent } from '../recent.ts';
import { type Sample, sumsBy } from '../samples.ts';
import { count, duration, names } from '../words.ts';
import type { Facts } from './facts.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function checkLosses({ gateway, prometheus }: Facts): Finding[] {
  const recent = prometheus?.recent ?? null;
  return [
    ...checkRejects(gateway, recent),
    ...checkLost(gateway, recent),
    ...checkBackwards(gateway, recent),
    ...checkRefusals(gateway, recent),
    ...checkExpired(gateway, recent),
  ];
}

/** Whether it goes on, as far as anybody can tell. */
function severityOf(now: readonly Sample[] | undefined, wanted: (sample: Sample) => boolean): Severity {
  return now === undefined || now.some(wanted) ? 'warning' : 'note';
}

function whenOf(severity: Severity, { startedAt, now }: GatewayFacts): string {
  const since = startedAt === null ? '' : ` ${duration(now - startedAt)} ago`;
  return severity === 'note'
    ? `since the gateway started${since}, none in the last hour`
    : `since the gateway started${since}`;
}

/** The hosts that have most of it first. */
function hostsOf(samples: readonly Sample[]): string {
  return names([...sumsBy(samples, 'host')].sort(([, a], [, b]) => b - a).map(([host]) => host));
}

/** By code: what is wrong at the host, and what helps. */
const REJECT_CURES: Readonly<Record<string, string>> = {
  INVALID_NAME:
    'mend the name of the metric: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 256 characters, help at most 4,096',
  INVALID_LABEL: 'mend the label: a legal name, at most 64 of them, values of at most 2,048 characters',
  INVALID_VALUE: 'mend the value: a number, or "NaN", "+Inf", "-Inf"',
  DUPLICATE_SERIES: 'let each series be told once: two targets or textfiles have the same names and labels',
  WRONG_LENGTH: 'update the reporter: its batches do not fit its shapes',
  UNKNOWN_SHAPE: 'update the reporter: it uses shapes that it has not declared',
  FUTURE: 'set the clock of the host, or of the gateway: timedatectl set-ntp true',
  TOO_MANY_SERIES: 'let the host tell less: --no-collector.NAME, fewer targets; 20,000 series are the most',
};

function checkRejects(gateway: GatewayFacts, recent: Recent | null): Finding[] {
  const rejects = gateway.own.get('tributary_host_rejects_total') ?? [];
  return [...sumsBy(rejects, 'code')].map(([code, times]) => {
    const ofCode = rejects.filter(({ labels, value }) => labels['code'] === code && value > 0);
    const severity = severityOf(recent?.rejected, ({ labels }) => labels['code'] === code);
    return finding('HOSTS_REJECTED', {
      severity,
      what: `${count(times, 'batch or group', 'batches or groups')} were rejected with ${code}, of ${hostsOf(ofCode)}, ${whenOf(severity, gateway)}.`,
      means:
        'These samples are lost, all others of the hosts are taken. The logs of both ends say which series.',
      change: act('these hosts', REJECT_CURES[code] ?? 'see the log of the reporter'),
    });
  });
}

const LOSS_CURES: Readonly<Record<string, readonly [means: string, cure: string]>> = {
  spool_age: [
    'The hosts were away for longer than their spools keep samples.',
    'spool: {retention: {time: 3d}}',
  ],
  spool_full: [
    'The hosts were away for longer than their spools have room for.',
    'spool: {retention: {size: 1GB}}',
  ],
  spool_damaged: [
    'The file of the spool was damaged; what could be read went on in a new one.',
    '# look at the disk of the host',
  ],
  unexplained: [
    'The reporter says nothing of them: its spool was deleted, or restored from a copy.',
    '# leave --spool.path alone, and back up nothing from it',
  ],
  too_old: [
    'They were older than --storage.retention.time when they came.',
    '# of the gateway: a longer --storage.retention.time',
  ],
  too_large: [
    'One batch did not fit into a frame of 1 MiB.',
    '# let the host tell less at a time: fewer targets, or drop series',
  ],
};

function checkLost(gateway: GatewayFacts, recent: Recent | null): Finding[] {
  const lost = gateway.own.get('tributary_host_lost_batches_total') ?? [];
  return [...sumsBy(lost, 'reason')].map(([reason, batches]) => {
    const ofReason = lost.filter(({ labels, value }) => labels['reason'] === reason && value > 0);
    const severity = severityOf(recent?.lost, ({ labels }) => labels['reason'] === reason);
    const [means, cure] = LOSS_CURES[reason] ?? ['The reporter has told so.', '# its log says more'];
    return finding('SAMPLES_LOST', {
      severity,
      what: `${count(batches, 'batch', 'batches')} of samples will never come (${reason}), of ${hostsOf(ofReason)}, ${whenOf(severity, gateway)}.`,
      means: `${means} GET /api/v1/hosts/NAME has the times of the gaps.`,
      change: { where: 'reporter.yml of these hosts', lines: [cure] },
    });
  });
}

function checkBackwards(gateway: GatewayFacts, recent: Recent | null): Finding[] {
  const dropped = gateway.own.get('tributary_host_dropped_samples_total') ?? [];
  const backwards = dropped.filter(({ labels, value }) => labels['reason'] === 'backwards' && value > 0);
  const total = sumsBy(backwards, 'reason').get('backwards') ?? 0;
  if (total === 0) return [];
  const severity = severityOf(recent?.backwards, () => true);
  return [
    finding('SAMPLES_BACKWARDS', {
      severity,
      what: `${count(total, 'sample')} came with times before those that are there, of ${hostsOf(backwards)}, ${whenOf(severity, gateway)}.`,
      means: 'They were dropped: a clock was ahead and set back, or two things tell the same series.',
      change: act('these hosts', 'timedatectl set-ntp true; and let each series be told once'),
    }),
  ];
}

const REFUSAL_CURES: Readonly<Record<string, string>> = {
  DUPLICATE_HOST: 'two machines or processes have one name: give one of them another --host',
  UNAUTHORIZED: 'the token is for another host: tributary-gateway token create --host NAME',
  REVOKED: 'the credential was revoked: give the host a new token',
  NAME_TAKEN:
    'the name belongs to another spool: another --host, or DELETE /api/v1/hosts/NAME for one made anew',
  VERSION: 'update the reporter, or the gateway',
  BAD_FRAME: 'something that is no reporter, or one of another version, connects: update it',
  FRAME_TOO_LARGE: 'let the host tell less at a time: fewer targets, or drop series',
  RATE: 'too many hosts or hellos at once: see docs/LIMITS.md',
};
/** These come and go by themselves. */
const HARMLESS = new Set(['DRAINING', 'SEQ_GAP']);
/** A reporter that was killed and comes again is refused so once; of two that share a name another finding tells. */
const USUAL = new Set([...HARMLESS, 'DUPLICATE_HOST']);

function checkRefusals(gateway: GatewayFacts, recent: Recent | null): Finding[] {
  const refusals = sumsBy(gateway.own.get('tributary_gateway_refusals_total') ?? [], 'code');
  const told = [...refusals].filter(([code]) => !HARMLESS.has(code));
  if (told.length === 0) return [];
  // Without Prometheus nobody knows whether it goes on, and a reporter that was restarted is refused now and then.
  const goesOn = recent?.refused.some(({ labels }) => !USUAL.has(labels['code'] ?? '')) ?? false;
  const severity = goesOn ? 'warning' : 'note';
  return [
    finding('REPORTERS_REFUSED', {
      severity,
      what: `Reporters were refused ${recent === null || goesOn ? 'since the gateway started' : whenOf('note', gateway)}: ${names(told.map(([code, times]) => `${code} ${times}`))}.`,
      means: 'The log of the gateway says which hosts, from where, and why.',
      change: act(
        'these hosts',
        ...told.map(([code]) => `${code}: ${REFUSAL_CURES[code] ?? 'see the log of the gateway'}`),
      ),
    }),
  ];
}

const EXPIRED: Readonly<Record<string, string>> = {
  window: 'They were older than the replay window when their turn came.',
  retention: 'They left the ledger before the scraper had taken them.',
  client: 'The scraper takes one point of a series at a time, and so gets the newest only.',
  budget: 'A host fell ever further behind, and is shown with its newest points.',
  inadmissible: 'They were stored by a version with other rules, and would break the scrape.',
};

function checkExpired(gateway: GatewayFacts, recent: Recent | null): Finding[] {
  return gateway.scrapers.flatMap(({ scraper, expired }) =>
    [...expired].flatMap(([reason, samples]) => {
      const means = EXPIRED[reason];
      if (means === undefined || samples === 0) return [];
      const severity = severityOf(
        recent?.expired,
        ({ labels }) => labels['scraper'] === scraper && labels['reason'] === reason,
      );
      return [
        finding('SAMPLES_EXPIRED', {
          severity,
          what: `${count(samples, 'sample')} will never be served to scraper ${scraper} (${reason}), ${whenOf(severity, gateway)}.`,
          means,
          change: expiredCure(reason, gateway),
        }),
      ];
    }),
  );
}

function expiredCure(reason: string, gateway: GatewayFacts) {
  const windowMs = replayWindowMs(gateway) ?? 50 * 60_000;
  switch (reason) {
    case 'window':
      return longerWindow(gateway, windowMs);
    case 'retention':
      return gatewayOption('storage.retention.time', duration(2 * windowMs), [
        '# and room for it: retention.size',
      ]);
    case 'budget':
      return gatewayOption(
        'replay.max-points',
        `${2 * (Number(gateway.flags.get('replay.max-points')) || 1_000_000)}`,
        ['# and a longer scrape_timeout in Prometheus'],
      );
    case 'client':
      return act('Prometheus', 'see SCRAPER_TAKES_ONE_POINT');
    default:
      return act('the gateway', 'nothing: they go with time');
  }
}

function longerWindow(gateway: GatewayFacts, windowMs: number): Change {
  const longerMs = Math.max(DAY_MS - HOUR_MS, 2 * windowMs);
  const keptMs = flagMs(gateway, 'storage.retention.time') ?? Number.POSITIVE_INFINITY;
  const outOfOrder = duration(longerMs + HOUR_MS);
  return gatewayOption('replay.window', duration(longerMs), [
    `# and in prometheus.yml: storage: {tsdb: {out_of_order_time_window: ${outOfOrder}}}`,
    ...(longerMs > keptMs ? [`# and for the gateway: storage: {retention: {time: ${outOfOrder}}}`] : []),
  ]);
}

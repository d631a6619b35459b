/** Options of a scrape job that spoil what the gateway serves, whatever it serves. */
import { type Finding, finding, prometheusJob } from '../finding.ts';
import { askedBy, type GatewayJob } from '../jobs.ts';
import type { JobConfig, Relabel } from '../prometheus-config.ts';
import { count, names } from '../words.ts';
import type { Facts } from './facts.ts';

export function checkJobOptions({ jobs, prometheus }: Facts): Finding[] {
  return jobs.flatMap((job) => {
    const { config } = job;
    if (config === null) return prometheus?.config === null ? [] : [optionsUnknown(job)];
    return [
      ...checkLabels(config),
      ...checkTimestamps(config),
      ...checkProtocols(job, config),
      ...checkRelabels(config),
      ...checkAway(job, prometheus?.recent?.relabeledAway ?? []),
    ];
  });
}

function optionsUnknown({ name }: GatewayJob): Finding {
  return finding('JOB_OPTIONS_UNKNOWN', {
    what: `The job ${JSON.stringify(name)} does not stand in Prometheus's main file.`,
    means:
      'It comes from scrape_config_files, of which Prometheus tells nothing, so its options were not looked at.',
    change: prometheusJob(
      name,
      'honor_labels: true    # see that these stand there, and sample_limit does not',
      'honor_timestamps: true',
    ),
  });
}

function checkLabels({ name, honorLabels }: JobConfig): Finding[] {
  if (honorLabels) return [];
  return [
    finding('NO_HONOR_LABELS', {
      what: `The job ${JSON.stringify(name)} lacks honor_labels: Prometheus renames the hosts' job and instance to exported_….`,
      means:
        'All hosts get one job and one instance. Dashboards and rules made for node_exporter find nothing.',
      change: prometheusJob(name, 'honor_labels: true'),
    }),
  ];
}

function checkTimestamps({ name, honorTimestamps, tracksStaleness }: JobConfig): Finding[] {
  const found: Finding[] = [];
  if (!honorTimestamps)
    found.push(
      finding('HONOR_TIMESTAMPS_OFF', {
        what: `The job ${JSON.stringify(name)} has honor_timestamps: false.`,
        means:
          'Samples are stored at the time of the scrape, and of a backlog one point of each series is left.',
        change: prometheusJob(name, 'honor_timestamps: true    # or no such line'),
      }),
    );
  if (tracksStaleness)
    found.push(
      finding('STALENESS_TRACKED', {
        what: `The job ${JSON.stringify(name)} has track_timestamps_staleness: true.`,
        means:
          'A series that a body does not hold is marked as gone now, and its points that come later are refused.',
        change: prometheusJob(name, 'track_timestamps_staleness: false    # or no such line'),
      }),
    );
  return found;
}

function checkProtocols({ targets }: GatewayJob, { name, protocols }: JobConfig): Finding[] {
  // With replay=1 text is served as well.
  if (protocols === null || targets.every((target) => askedBy(target).replays)) return [];
  const first = protocols.find((protocol) => /^(OpenMetricsText|PrometheusText)/.test(protocol));
  if (first === undefined || first.startsWith('OpenMetricsText')) return [];
  return [
    finding('NO_OPENMETRICS', {
      what: `The job ${JSON.stringify(name)} asks for ${first}${protocols.some((protocol) => protocol.startsWith('OpenMetrics')) ? ' rather than' : ', and not for'} OpenMetrics.`,
      means: 'Only OpenMetrics allows several points of a series in one body, so it gets the newest only.',
      change: prometheusJob(
        name,
        'scrape_protocols: [OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText0.0.4]',
      ),
    }),
  ];
}

/** What tells one host's series from another's, and one bucket from another. */
const NEEDED = ['host', 'instance', 'job', 'le', 'quantile'];

function checkRelabels({ name, metricRelabels }: JobConfig): Finding[] {
  return metricRelabels.flatMap((relabel) => {
    const lost = NEEDED.filter((label) => loses(relabel, label));
    if (lost.length === 0) return [];
    const { action, regex, targetLabel } = relabel;
    const rule = targetLabel === '' ? `regex: ${JSON.stringify(regex)}` : `target_label: ${targetLabel}`;
    return [
      finding('RELABEL_LOSES_HOST', {
        what: `metric_relabel_configs of the job ${JSON.stringify(name)} (action: ${action}, ${rule}) ${action === 'replace' ? 'writes over' : 'takes away'} ${names(lost)}.`,
        means: 'Series of different hosts become one, of which Prometheus keeps what comes first.',
        change: prometheusJob(name, `metric_relabel_configs:    # without the rule with ${rule}`),
      }),
    ];
  });
}

function loses({ action, regex, targetLabel }: Relabel, label: string): boolean {
  switch (action) {
    case 'labeldrop':
      return matches(regex, label) === true;
    case 'labelkeep':
      return matches(regex, label) === false;
    case 'replace':
    case 'hashmod':
    case 'lowercase':
    case 'uppercase':
      return targetLabel === label;
    default:
      return false;
  }
}

/** As Prometheus anchors it. @returns null for what only Go's regular expressions know */
function matches(regex: string, label: string): boolean | null {
  try {
    return new RegExp(`^(?:${regex})$`, 's').test(label);
  } catch {
    return null;
  }
}

function checkAway(
  { name }: GatewayJob,
  away: readonly { labels: Readonly<Record<string, string>>; value: number }[],
): Finding[] {
  const dropped = away.find(({ labels }) => labels['job'] === name)?.value ?? 0;
  if (dropped === 0) return [];
  return [
    finding('RELABEL_DROPS_SAMPLES', {
      what: `metric_relabel_configs of the job ${JSON.stringify(name)} dropped ${count(dropped, 'sample')} of the last scrape.`,
      means: 'They cross the network, and count for sample_limit. The gateway can leave them out.',
      change: prometheusJob(
        name,
        "params: {'match[]': ['{__name__!~\"go_.+\"}']}    # what you want to have",
      ),
    }),
  ];
}

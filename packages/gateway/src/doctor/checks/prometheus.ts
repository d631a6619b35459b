/** Prometheus itself: whether it can be asked, and whether it can store what it is served. */
import { parseDuration } from '@tributary/shared/units';
import { takesSeveralPoints } from '../../prometheus-versions.ts';
import { act, command, type Finding, finding, gatewayOption } from '../finding.ts';
import { replayWindowMs } from '../gateway-facts.ts';
import type { PrometheusFacts, PrometheusTrouble } from '../prometheus-facts.ts';
import { duration, said } from '../words.ts';
import type { Facts } from './facts.ts';

/** What is read here is good to about two seconds. */
const CLOCK_MS = 5000;
/** What is further ahead of its clock is dropped by Prometheus. */
const CLOCK_ERROR_MS = 5 * 60_000;

export function checkPrometheus(facts: Facts): Finding[] {
  const { prometheus } = facts;
  if (prometheus === null) return [];
  return [
    ...checkVersion(prometheus),
    ...checkReload(prometheus),
    ...checkClocks(facts),
    ...checkRetention(facts),
    ...checkFeatures(prometheus),
    ...checkSilent(prometheus),
  ];
}

/** It did not answer as a Prometheus does. @param hasCredential one was shown */
export function cannotAsk(
  { url, trouble, message, status }: PrometheusTrouble,
  hasCredential: boolean,
): Finding {
  const isTheCertificate = /certificate/.test(message);
  switch (trouble) {
    case 'unreachable':
      return finding('PROMETHEUS_UNREACHABLE', {
        what: `Prometheus cannot be asked: ${message}.`,
        means:
          'While it is away the gateway keeps what it has not taken. Nothing about it could be looked at here.',
        change: isTheCertificate
          ? command(`tributary-gateway doctor --prometheus.url ${url.origin} --prometheus.ca-file ca.pem`)
          : command('systemctl status prometheus    # and is --prometheus.url right?'),
      });
    case 'refused':
      return finding('PROMETHEUS_REFUSES', {
        what: `Prometheus refuses to answer (HTTP ${status}${message === '' ? '' : `: ${message}`}).`,
        means: `It wants ${hasCredential ? 'another credential than was shown' : 'a credential'}. Nothing about it could be looked at here.`,
        change: command(
          `tributary-gateway doctor --prometheus.url ${url.origin} --prometheus.username NAME --prometheus.password-file FILE`,
          '# or --prometheus.token-file FILE, where a proxy before it wants a token',
        ),
      });
    default:
      return finding('PROMETHEUS_STRANGE', {
        what: `What answers at ${url.origin}${url.pathname} is not Prometheus: ${message}.`,
        means: 'It may be a proxy or a page to log in at, or Prometheus is served under another path.',
        change: command(
          'tributary-gateway doctor --prometheus.url http://HOST:9090    # with its --web.route-prefix, if any',
        ),
      });
  }
}

function checkVersion({ version }: PrometheusFacts): Finding[] {
  if (takesSeveralPoints(version) !== false) return [];
  return [
    finding('PROMETHEUS_VERSION', {
      what: `Prometheus ${said(version)} stores only the first of several points of a series in one scrape.`,
      means: 'So it is served the newest points only, and no gap is ever filled.',
      change: act(
        'the machine of Prometheus',
        'update it: 2.53.3 or later 2.53, 2.54.1 or later, or any 3.x',
      ),
    }),
  ];
}

function checkReload({ reloadSuccessful }: PrometheusFacts): Finding[] {
  if (reloadSuccessful) return [];
  return [
    finding('PROMETHEUS_RELOAD_FAILED', {
      what: 'Prometheus could not take its configuration when it read it last.',
      means: 'What is said here is of the one before, which is in effect.',
      change: command('promtool check config prometheus.yml'),
    }),
  ];
}

function checkClocks({ gateway, prometheus }: Facts): Finding[] {
  const [own, other] = [gateway.clockOffsetMs, prometheus?.clockOffsetMs ?? null];
  if (own === null || other === null || Math.abs(other - own) <= CLOCK_MS) return [];
  const isAhead = other > own;
  return [
    finding('PROMETHEUS_CLOCK_DIFFERS', {
      severity: Math.abs(other - own) > CLOCK_ERROR_MS ? 'error' : 'warning',
      what: `Prometheus's clock is ${duration(other - own)} ${isAhead ? 'ahead of' : 'behind'} the gateway's.`,
      means: isAhead
        ? 'Points look older to it than they are: so much less of the past is taken, and alerts on their age are wrong.'
        : 'Points come from its future: graphs end late, and what is ten minutes ahead is dropped.',
      change: act('the machine whose clock is wrong', 'timedatectl set-ntp true'),
    }),
  ];
}

function checkRetention({ gateway, prometheus }: Facts): Finding[] {
  const keptMs = parseDuration(prometheus?.flags.get('storage.tsdb.retention.time') ?? '') ?? 0;
  const windowMs = replayWindowMs(gateway) ?? 0;
  if (keptMs === 0 || keptMs >= windowMs) return [];
  return [
    finding('PROMETHEUS_RETENTION_SHORT', {
      what: `Prometheus keeps ${duration(keptMs)}, and the gateway replays up to ${duration(windowMs)}.`,
      means: 'What is older than it keeps is taken, and deleted soon after.',
      change: gatewayOption('replay.window', duration(keptMs), [
        '# or for Prometheus: --storage.tsdb.retention.time=15d',
      ]),
    }),
  ];
}

function checkFeatures({ flags }: PrometheusFacts): Finding[] {
  const features = flags.get('enable-feature') ?? '';
  if (!features.includes('created-timestamp-zero-ingestion')) return [];
  return [
    finding('CREATED_SERIES_LOST', {
      what: 'Prometheus runs with created-timestamp-zero-ingestion.',
      means:
        'It takes foo_created of counters, histograms and summaries for metadata, and stores no such series.',
      change: {
        where: 'prometheus.yml, its job, if you want these series',
        lines: ['scrape_protocols: [PrometheusText0.0.4]', "params: {replay: ['1']}"],
      },
    }),
  ];
}

function checkSilent({ silent, config }: PrometheusFacts): Finding[] {
  const why = config === null ? ['its configuration could not be read', ...silent] : silent;
  if (why.length === 0) return [];
  return [
    finding('PROMETHEUS_PARTLY_SILENT', {
      what: `Prometheus does not tell everything: ${said(why.join('; '))}.`,
      means:
        'What depends on that was left out here. Systems that only speak its language have no such pages.',
      change: command(
        'tributary-gateway doctor --prometheus.url URL    # of Prometheus itself, not of what queries it',
      ),
    }),
  ];
}

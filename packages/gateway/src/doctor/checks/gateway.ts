/** How the gateway stands: ready, its clock, its configuration. */
import { act, command, type Finding, finding, gatewayOption } from '../finding.ts';
import { flagMs, type GatewayFacts } from '../gateway-facts.ts';
import { onlyValue, sumsBy } from '../samples.ts';
import { count, duration, names, said } from '../words.ts';
import type { Facts } from './facts.ts';

/** Clocks of machines that follow NTP differ by far less; what is read here is good to about a second. */
const CLOCK_MS = 5000;
const STORAGE = 'the machine of the gateway';

export function checkGateway(facts: Facts): Finding[] {
  const { gateway } = facts;
  return [
    ...checkReady(gateway),
    ...checkCredentials(gateway),
    ...checkClock(facts),
    ...checkConfiguration(gateway),
    ...checkOwnLimits(gateway),
    ...checkStrange(gateway),
  ];
}

function checkReady({ ready, notReady, own }: GatewayFacts): Finding[] {
  const why = said(notReady);
  if (onlyValue(own, 'tributary_ledger_healthy') === 0 || /ledger cannot commit/.test(why))
    return [
      finding('LEDGER_CANNOT_COMMIT', {
        what: `The ledger cannot commit${why === '' ? '' : ` (${why.replace(/^the ledger cannot commit: /, '')})`}.`,
        means: 'Nothing is acked: the reporters keep their samples, until their spools are full.',
        change: act(STORAGE, 'make room on the disk of --storage.path, and let the gateway write there'),
      }),
    ];
  if (ready) return [];
  if (/clock is wrong/.test(why))
    return [
      finding('GATEWAY_CLOCK_WRONG', {
        what: `The gateway's own clock is wrong: ${why.replace(/^this machine's clock is wrong: /, '')}.`,
        means: 'It welcomes no host, serves no points, and is not ready until the clock is right.',
        change: act(STORAGE, 'timedatectl set-ntp true'),
      }),
    ];
  // Told by a finding of its own.
  if (onlyValue(own, 'tributary_gateway_credentials_readable') === 0) return [];
  return [
    finding('NOT_READY', {
      what: `The gateway is not ready: ${why || 'it does not say why'}.`,
      means: 'While it starts or stops that is as it should be, for some seconds.',
      change: act(STORAGE, 'if it lasts: see the log of the gateway'),
    }),
  ];
}

function checkCredentials({ own, notReady, ready }: GatewayFacts): Finding[] {
  if (onlyValue(own, 'tributary_gateway_credentials_readable') !== 0) return [];
  return [
    finding('CREDENTIALS_UNREADABLE', {
      what: `The file of the credentials cannot be read${ready ? '' : ` (${said(notReady)})`}.`,
      means: 'Whoever was known stays in, nobody new joins, and what token commands do is not seen.',
      change: act(STORAGE, 'restore credentials.sqlite in --storage.path (docs/SECURITY.md, "Backup")'),
    }),
  ];
}

function checkClock({ gateway, prometheus }: Facts): Finding[] {
  const { clockOffsetMs: offset } = gateway;
  const other = prometheus?.clockOffsetMs ?? null;
  // With three clocks it is known which one differs; that of this machine concerns nobody.
  const disagreesAlone = other !== null && Math.abs((offset ?? 0) - other) <= CLOCK_MS;
  if (offset === null || Math.abs(offset) <= CLOCK_MS || disagreesAlone) return [];
  return [
    finding('GATEWAY_CLOCK_DIFFERS', {
      what: `The gateway's clock is ${duration(offset)} ${offset > 0 ? 'ahead of' : 'behind'} the one of this machine.`,
      means:
        'One of the two is wrong. Hosts whose clocks differ from the gateway by two minutes get its time.',
      change: act('the machine whose clock is wrong', 'timedatectl set-ntp true'),
    }),
  ];
}

function checkConfiguration(gateway: GatewayFacts): Finding[] {
  const { own, restartPending } = gateway;
  const found: Finding[] = [];
  const sources = [
    ['tributary_config_last_reload_successful', 'configuration', '--config.file'],
    ['tributary_gateway_web_config_last_reload_successful', 'web configuration', '--web.config.file'],
  ] as const;
  for (const [series, what, flag] of sources) {
    if (onlyValue(own, series) !== 0) continue;
    const file = gateway.flags.get(flag.slice(2)) || 'FILE';
    found.push(
      finding('RELOAD_FAILED', {
        what: `The ${what} on disk cannot be taken.`,
        means: 'What was in effect before goes on, but a restart would fail. The log has the mistakes.',
        change: command(
          flag === '--config.file'
            ? `tributary-gateway check-config ${file}`
            : `see the log of the gateway, and mend ${file}`,
        ),
      }),
    );
  }
  if (restartPending.length > 0)
    found.push(
      finding('RESTART_PENDING', {
        what: `${names(restartPending.map((name) => `--${name}`))} ${restartPending.length === 1 ? 'has' : 'have'} another value in the configuration than in effect.`,
        means: 'A reload cannot change it: it comes into effect with the next restart, wanted or not.',
        change: command('systemctl restart tributary-gateway    # however it is run'),
      }),
    );
  const windowMs = flagMs(gateway, 'replay.window');
  const keptMs = flagMs(gateway, 'storage.retention.time');
  if (windowMs !== null && keptMs !== null && keptMs < windowMs)
    found.push(
      finding('WINDOW_LONGER_THAN_RETENTION', {
        what: `--replay.window is ${duration(windowMs)}, and samples are kept for ${duration(keptMs)} only.`,
        means: 'What is older than that is gone when Prometheus comes for it.',
        change: gatewayOption('storage.retention.time', duration(windowMs)),
      }),
    );
  return found;
}

function checkOwnLimits({ own }: GatewayFacts): Finding[] {
  const found: Finding[] = [];
  const listed = (sums: ReadonlyMap<string, number>) =>
    names([...sums].sort(([, a], [, b]) => b - a).map(([reason, times]) => `${reason} ${times}`));
  const refused = sumsBy(own.get('tributary_gateway_connections_refused_total') ?? [], 'reason');
  if (refused.size > 0)
    found.push(
      finding('LIMITS_REACHED', {
        what: `Connections were closed for a limit since the gateway started: ${listed(refused)}.`,
        means:
          'That is how scanners and floods are kept out. If your own hosts or scrapers suffer, a limit is too low.',
        change: act('docs/LIMITS.md', '"Of connections" says what each limit is, and which flag moves it'),
      }),
    );
  const http = sumsBy(own.get('tributary_gateway_http_refused_total') ?? [], 'reason');
  if (http.size > 0)
    found.push(
      finding('REQUESTS_REFUSED', {
        what: `HTTP requests were turned away since the gateway started: ${listed(http)}.`,
        means: 'bad_query is a scrape with parameters that cannot be read; others lacked a credential.',
        change: act('whoever asks', 'the log of the gateway says who, once an hour for each address'),
      }),
    );
  const demoted = onlyValue(own, 'tributary_gateway_demoted_families') ?? 0;
  if (demoted > 0)
    found.push(
      finding('FAMILIES_DISAGREE', {
        what: `${count(demoted, 'family is', 'families are')} shown without a type.`,
        means:
          'Hosts disagree about the type, or names cannot stand beside one another in OpenMetrics. All values are there.',
        change: act('the hosts', 'let all of them have one version of the exporter or application'),
      }),
    );
  return found;
}

function checkStrange({ strange }: GatewayFacts): Finding[] {
  if (strange.length === 0) return [];
  return [
    finding('GATEWAY_ANSWER_STRANGE', {
      what: `Not all of the gateway's answers make sense: ${said(strange.join('; '))}.`,
      means: 'What depends on them was left out here. Something in between may answer in its place.',
      change: command('tributary-gateway doctor --gateway.url http://127.0.0.1:9750    # on its own machine'),
    }),
  ];
}

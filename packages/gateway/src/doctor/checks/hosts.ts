/** The fleet: who is there, who is turned away, and whose samples are lost. Thousands are summed up. */
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { act, command, type Finding, finding, gatewayOption, removal } from '../finding.ts';
import type { GatewayFacts, HostFacts } from '../gateway-facts.ts';
import { onlyValue } from '../samples.ts';
import { count, duration, names } from '../words.ts';
import type { Facts } from './facts.ts';

const RIVALS_MS = 15 * 60_000;
/** A process that was killed leaves an old connection behind, and is refused once or twice before that has timed out. */
const REFUSED_TIMES = 3;
/** As the alert of deploy/prometheus has it. */
const SKEW_MS = 60_000;
const NEAR = 0.9;
const { seriesMax: SERIES_MAX } = DEFAULT_LIMITS;

export function checkHosts({ gateway }: Facts): Finding[] {
  return [
    ...checkThere(gateway),
    ...checkRivals(gateway),
    ...checkClocks(gateway),
    ...checkLimited(gateway),
    ...checkNearLimits(gateway),
  ];
}

function checkThere({ hosts, strange, now, url, isKnown }: GatewayFacts): Finding[] {
  if (hosts.length === 0 && strange.length > 0) return [];
  if (hosts.length === 0)
    return [
      finding('NO_HOSTS', {
        what: 'The gateway knows no host.',
        means: 'No reporter has reached it yet, so there is nothing to scrape.',
        change: command(
          `tributary-reporter --gateway.url ${url.protocol === 'https:' ? 'wss' : 'ws'}://${url.host} --gateway.token-file join.token`,
        ),
      }),
    ];
  const down = hosts.filter(({ up }) => !up).sort((a, b) => (b.lastSampleAt ?? 0) - (a.lastSampleAt ?? 0));
  if (down.length === 0) return [];
  const told = down.map((host) => `${host.host} (${sinceOf(host, now)})`);
  const [first] = down;
  return [
    finding('HOSTS_DOWN', {
      what: `${down.length} of ${count(hosts.length, 'host')} ${down.length === 1 ? 'is' : 'are'} not there: ${names(told)}.`,
      means: 'Their samples wait in their spools, and come afterwards if there is room until then.',
      change: command(
        'journalctl -u tributary-reporter    # on the host: its log says what it waits for',
        `${removal(url, `/api/v1/hosts/${first?.host ?? 'NAME'}`, isKnown)}    # if it is gone for good`,
      ),
    }),
  ];
}

function sinceOf({ connected, lastSampleAt }: HostFacts, now: number): string {
  const age = lastSampleAt === null ? 'no sample yet' : `last sample ${duration(now - lastSampleAt)} ago`;
  return connected ? `connected, ${age}` : age;
}

function checkRivals({ hosts, now }: GatewayFacts): Finding[] {
  const shared = hosts.filter(({ refused, returned }) => {
    const isRefused = refused !== null && refused.times >= REFUSED_TIMES && now - refused.lastAt < RIVALS_MS;
    return isRefused || (returned !== null && now - returned.lastAt < RIVALS_MS);
  });
  if (shared.length === 0) return [];
  const told = shared.map(({ host, address, refused, returned }) => {
    const other = (refused ?? returned)?.address ?? '';
    return `${host} (${[...new Set([address.replace(/:\d+$/, ''), other])].join(' and ')})`;
  });
  return [
    finding('HOSTS_SHARE_IDENTITY', {
      what: `More than one machine or process speaks as one host: ${names(told)}.`,
      means:
        'Only one of them is taken at a time. Most often a machine was cloned with its spool, or two have one --host.',
      change: command(
        'tributary-reporter --host ANOTHER-NAME    # on one of the two, with a spool of its own:',
        'systemctl stop tributary-reporter && rm -r SPOOL    # a cloned one first loses the copied spool (--spool.path)',
      ),
    }),
  ];
}

function checkClocks({ hosts }: GatewayFacts): Finding[] {
  const off = hosts
    .filter(({ connected, clockSkewMs }) => connected && Math.abs(clockSkewMs) > SKEW_MS)
    .sort((a, b) => Math.abs(b.clockSkewMs) - Math.abs(a.clockSkewMs));
  if (off.length === 0) return [];
  const told = off.map(
    ({ host, clockSkewMs }) => `${host} (${duration(clockSkewMs)} ${clockSkewMs > 0 ? 'ahead' : 'behind'})`,
  );
  return [
    finding('HOST_CLOCKS_DIFFER', {
      what: `${count(off.length, 'host has', 'hosts have')} another time than the gateway: ${names(told)}.`,
      means:
        'Beyond two minutes their samples get the time of the gateway; within, they stand at a wrong time.',
      change: act(
        'each of these hosts',
        'timedatectl set-ntp true',
        'systemctl restart tributary-reporter    # the difference is measured when it connects',
      ),
    }),
  ];
}

/** What to do about each limit (docs/LIMITS.md). */
const LIMIT_CURES: Readonly<Record<string, string>> = {
  samples: 'a longer --interval on the host, or a larger --limits.samples-per-second',
  new_series: 'drop the label that has ever new values (a user, a request, a path)',
  series: 'let the host tell less: --no-collector.NAME, fewer targets; 20,000 series are the most',
  declared_series: 'restart the reporter; if it comes again, series come and go too often',
  frame_bytes: 'let the host tell less at a time: split the target, or drop series',
  hosts: 'a larger --limits.hosts',
};

function checkLimited({ hosts }: GatewayFacts): Finding[] {
  const byLimit = new Map<string, string[]>();
  for (const { host, limits } of hosts)
    for (const limit of limits) byLimit.set(limit, [...(byLimit.get(limit) ?? []), host]);
  return [...byLimit].map(([limit, limited]) =>
    finding('HOSTS_LIMITED', {
      what: `${count(limited.length, 'host is', 'hosts are')} over the limit ${limit}: ${names(limited)}.`,
      means:
        limit === 'samples' || limit === 'new_series'
          ? 'They are slowed and fall behind; nothing is lost while their spools have room.'
          : 'What is over it is turned away.',
      change: act(
        `the hosts (docs/LIMITS.md, "${limit}")`,
        LIMIT_CURES[limit] ?? 'let the host tell what is within the limit; its log says what is not',
      ),
    }),
  );
}

function checkNearLimits({ hosts, flags, own }: GatewayFacts): Finding[] {
  const found: Finding[] = [];
  const near = hosts.filter(({ series }) => series > NEAR * SERIES_MAX).map(({ host }) => host);
  if (near.length > 0)
    found.push(
      finding('HOSTS_NEAR_SERIES_LIMIT', {
        what: `${count(near.length, 'host is', 'hosts are')} near the ${SERIES_MAX} series that one may have: ${names(near)}.`,
        means: 'What is beyond is left out, whole collectors or targets at a time.',
        change: act(
          'these hosts',
          'switch off what nobody looks at: --no-collector.NAME, or drop: [REGEX] of a target',
        ),
      }),
    );
  for (const [code, flag, used, what] of [
    ['HOSTS_NEAR_LIMIT', 'limits.hosts', hosts.length, 'hosts'],
    [
      'CONNECTIONS_NEAR_LIMIT',
      'web.max-connections',
      onlyValue(own, 'tributary_gateway_connections') ?? 0,
      'connections of reporters',
    ],
  ] as const) {
    const limit = Number(flags.get(flag) ?? Number.NaN);
    if (!(used > NEAR * limit)) continue;
    found.push(
      finding(code, {
        what: `There are ${used} ${what}, and --${flag} is ${limit}.`,
        means: 'One more than that is sent away.',
        change: gatewayOption(flag, `${2 * limit}`),
      }),
    );
  }
  return found;
}

/**
 * What a Prometheus says of itself: version, flags, configuration, targets, and a few series that it has of the gateway. Each
 * part is asked for by itself, so that one that is not answered costs no other.
 */
import {
  type Access,
  AskError,
  ask,
  clockOffset,
  dataOf,
  type Fields,
  fieldsOf,
  listOf,
  numberOf,
  proxySigns,
  type Trouble,
  textOf,
  timeOf,
} from './client.ts';
import { type PrometheusConfig, readPrometheusConfig } from './prometheus-config.ts';
import { type Recent, readRecent } from './recent.ts';

export interface TargetFacts {
  readonly job: string;
  readonly url: URL;
  readonly health: string;
  readonly lastError: string;
  readonly lastScrapeSeconds: number;
  readonly instance: string;
}

export interface PrometheusFacts {
  readonly url: URL;
  /** Its clock minus this machine's; null where it does not tell. */
  readonly clockOffsetMs: number | null;
  readonly version: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly startedAt: number | null;
  readonly reloadedAt: number | null;
  readonly reloadSuccessful: boolean;
  /** Null where it does not tell. */
  readonly config: PrometheusConfig | null;
  /** Those of the gateway. */
  readonly targets: readonly TargetFacts[];
  /** What happened in the last hour, by its series of the gateway; null where it has none. */
  readonly recent: Recent | null;
  /** By the origin of a target's URL: what says that a proxy is in between. */
  readonly proxies: ReadonlyMap<string, string>;
  /** Answers that were not to be had, with the reason. */
  readonly silent: readonly string[];
}

/** It could not be asked at all. */
export interface PrometheusTrouble {
  readonly url: URL;
  readonly trouble: Trouble;
  readonly message: string;
  readonly status: number;
}

/** @param isOurs picks the gateway's targets among all. */
export async function readPrometheus(
  access: Access,
  isOurs: (targets: readonly TargetFacts[], gateways: ReadonlySet<string>) => readonly TargetFacts[],
): Promise<PrometheusFacts | PrometheusTrouble> {
  const { url } = access;
  let version: Fields;
  let clockOffsetMs: number | null;
  try {
    const answer = await ask(access, '/api/v1/status/buildinfo');
    version = fieldsOf(dataOf(answer, '/api/v1/status/buildinfo'));
    clockOffsetMs = clockOffset(answer);
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    const { trouble, message, status } = error;
    return { url, trouble, message, status };
  }
  if (textOf(version['version']) === '') {
    const message = '/api/v1/status/buildinfo names no version';
    return { url, trouble: 'strange', message, status: 200 };
  }
  const silent: string[] = [];
  const get = createGet(access, silent);
  const flags = fieldsOf(await get('/api/v1/status/flags'));
  const runtime = fieldsOf(await get('/api/v1/status/runtimeinfo'));
  const config = fieldsOf(await get('/api/v1/status/config'));
  const all = listOf(fieldsOf(await get('/api/v1/targets?state=active'))['activeTargets']);
  const targets = all.flatMap((target) => targetFacts(fieldsOf(target)));
  // An agent answers no queries, and that is no fault.
  const recent = flags['agent'] === 'true' ? null : await readRecent(get);
  const ours = isOurs(targets, recent?.gateways ?? new Set());
  return {
    url,
    clockOffsetMs,
    version: textOf(version['version']),
    flags: new Map(Object.entries(flags).map(([name, text]) => [name, textOf(text)])),
    startedAt: timeOf(runtime['startTime']),
    reloadedAt: timeOf(runtime['lastConfigTime']),
    reloadSuccessful: runtime['reloadConfigSuccess'] !== false,
    config: readPrometheusConfig(textOf(config['yaml'])),
    targets: ours,
    recent,
    proxies: await findProxies(ours),
    silent,
  };
}

export type Get = (path: string) => Promise<unknown>;

function createGet(access: Access, silent: string[]): Get {
  return async (path) => {
    try {
      return dataOf(await ask(access, path), path.replace(/\?.*/s, ''));
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      const where = path.replace(/\?.*/s, '');
      // Of what is strange it is told where.
      const said =
        error.trouble === 'strange' ? error.message : `${where}: ${error.message || `HTTP ${error.status}`}`;
      if (!silent.includes(said)) silent.push(said);
      return null;
    }
  };
}

function targetFacts(target: Fields): TargetFacts[] {
  const url = URL.parse(textOf(target['scrapeUrl']));
  if (url === null) return [];
  return [
    {
      job: textOf(target['scrapePool']),
      url,
      health: textOf(target['health']),
      lastError: textOf(target['lastError']),
      lastScrapeSeconds: numberOf(target['lastScrapeDuration']),
      instance: textOf(fieldsOf(target['labels'])['instance']),
    },
  ];
}

const PROXY_BOUNDS = { timeoutMs: 3000, bytesMax: 64 * 1024 };
const ORIGINS_MAX = 3;

/**
 * Looks at what is in between by asking as Prometheus does, where this machine can. The gateway's answers say nothing of who
 * serves them, and those of proxies mostly do. No credential is shown.
 */
async function findProxies(targets: readonly TargetFacts[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const origins = [...new Set(targets.map(({ url }) => url.origin))].slice(0, ORIGINS_MAX);
  for (const origin of origins) {
    const access: Access = { url: new URL(origin), authorization: null, ca: null };
    const answer = await ask(access, '/-/healthy', PROXY_BOUNDS).catch(() => null);
    const signs = answer === null ? null : proxySigns(answer.headers);
    if (signs !== null) found.set(origin, signs);
  }
  return found;
}

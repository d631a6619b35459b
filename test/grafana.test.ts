/**
 * The dashboards of deploy/grafana are sound, and every one of their queries gives data from a real Prometheus that scrapes a
 * real gateway by deploy/prometheus, where a fleet has every trouble that they show.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { load } from 'js-yaml';
import { skip as withoutOpenssl } from '../packages/gateway/src/trust/web-config/certificates-test-support.ts';
import { eventually } from './support/eventually.ts';
import {
  type Choice,
  type Dashboard,
  labelValues,
  metricNames,
  type Panel,
  type Query,
  queriesOf,
  readDashboard,
  substitute,
} from './support/grafana.ts';
import { without } from './support/peers.ts';
import { REPOSITORY } from './support/programs.ts';
import { Prometheus, type Series } from './support/prometheus.ts';
import { HANDS, REPORTER, startTroubledFleet, type TroubledFleet } from './support/troubled-fleet.ts';

const FOLDER = join(REPOSITORY, 'deploy/grafana');
const RULES = join(REPOSITORY, 'deploy/prometheus/tributary.rules.yml');
const DASHBOARDS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => readDashboard(join(FOLDER, name)));
const QUERIES = DASHBOARDS.flatMap(queriesOf);

/** What cannot have data here, and why; it has to be documented. */
const NO_DATA: Readonly<Record<string, string>> = {
  tributary_reporter_over_limit_samples_total: 'takes a host with more than 20,000 series',
};
/** Prometheus's own. */
const ALERTS = 'ALERTS';
const RANGE_MS = 60_000;
const STEP_MS = 5000;

const panelsOf = ({ panels }: Dashboard): readonly Panel[] => panels.filter(({ type }) => type !== 'row');
const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');

test('dashboards have what Grafana and their readers need', () => {
  assert.deepEqual(DASHBOARDS.map(({ uid }) => uid).sort(), ['tributary-fleet', 'tributary-gateway']);
  for (const dashboard of DASHBOARDS) {
    const { uid, tags, refresh, time, schemaVersion, templating, links } = dashboard;
    assert.deepEqual([tags, refresh, time.from, time.to], [['tributary'], '30s', 'now-1h', 'now']);
    assert.ok(schemaVersion >= 38);
    assert.ok(templating.list.some(({ name, type }) => name === 'datasource' && type === 'datasource'));
    const others = DASHBOARDS.filter((other) => other.uid !== uid).map((other) => `/d/${other.uid}`);
    assert.deepEqual(
      links.map(({ url }) => url),
      others,
    );
    assertUnique(
      `${uid}: id`,
      dashboard.panels.map(({ id }) => id),
    );
    assertUnique(
      `${uid}: title`,
      panelsOf(dashboard).map(({ title }) => title),
    );
    assertNoOverlap(dashboard);
    for (const panel of panelsOf(dashboard)) assertWhole(uid, panel);
  }
});

function assertUnique(what: string, values: readonly (number | string)[]): void {
  assert.equal(new Set(values).size, values.length, `${what}: ${values}`);
}

function assertNoOverlap({ uid, panels }: Dashboard): void {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, `${uid}: ${title} is beyond the right edge`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        const before = taken.get(`${x} ${y}`);
        assert.equal(before, undefined, `${uid}: ${title} lies on ${before}`);
        taken.set(`${x} ${y}`, title);
      }
    }
  }
}

const PANEL_TYPES = ['stat', 'timeseries', 'table', 'state-timeline'];

function assertWhole(uid: string, { type, title, description = '', targets = [], fieldConfig }: Panel): void {
  const where = `${uid}: ${title}`;
  assert.ok(PANEL_TYPES.includes(type), `${where} is a ${type}`);
  assert.ok(description.length > 60, `${where} has no description`);
  assert.ok(fieldConfig?.defaults.unit !== undefined, `${where} has no unit`);
  assert.ok((fieldConfig.defaults.thresholds?.steps.length ?? 0) > 0, `${where} has no thresholds`);
  assert.ok(targets.length > 0, `${where} asks for nothing`);
  assertUnique(
    where,
    targets.map(({ refId }) => refId),
  );
  for (const { datasource } of targets)
    assert.deepEqual(datasource, { type: 'prometheus', uid: '${' + 'datasource}' }, where);
}

test('ranges of rates are long enough for what hosts tell of themselves, which may come each 30 s', () => {
  const own = QUERIES.filter(
    ({ expr }) =>
      /\[\$__rate_interval\]/.test(expr) &&
      [...metricNames(expr)].some((name) => /^(node|tributary_reporter)_/.test(name)),
  );
  assert.ok(own.length > 10);
  for (const { interval, panel, expr } of own) assert.equal(interval, '30s', `${panel}: ${expr}`);
});

test('hosts count once, though several jobs may tell of them', () => {
  const counters = QUERIES.filter(
    ({ dashboard, expr }) => dashboard === 'tributary-fleet' && /(rate|increase)\(tributary_host_/.test(expr),
  );
  assert.ok(counters.length > 8);
  for (const { panel, expr } of counters)
    assert.match(expr, /max by \(host\b[^)]*\) \(sum by \(job, host\b[^)]*\) \((rate|increase)\(/, panel);
});

test('no panel says 0 where nothing is known, as while the gateway is away', () => {
  assert.deepEqual(
    QUERIES.filter(({ expr }) => expr.includes('vector(')).map(({ panel }) => panel),
    [],
  );
});

test('what descriptions refer to is there', () => {
  const options = read('docs/OPTIONS.md');
  for (const dashboard of DASHBOARDS) {
    for (const { title, description = '' } of panelsOf(dashboard)) {
      for (const [, page = '', section] of description.matchAll(/(docs\/\w+\.md)(?:, "([^"]+)")?/g)) {
        assert.ok(existsSync(join(REPOSITORY, page)), `${title}: ${page}`);
        if (section !== undefined)
          assert.ok(
            new RegExp(`^#+ ${section}`, 'm').test(read(page)),
            `${title}: ${page} has no ${section}`,
          );
      }
      for (const [flag] of description.matchAll(/--(?!no-)[a-z][a-z.-]+[a-z]/g))
        assert.ok(options.includes(flag), `${title}: there is no ${flag}`);
    }
  }
});

test('provisioning finds them where the documentation mounts them', () => {
  const provisioned = (name: string) => load(read(`deploy/grafana/provisioning/${name}`));
  const { providers } = provisioned('dashboards/tributary.yml') as {
    providers: readonly { type: string; options: { path: string } }[];
  };
  assert.deepEqual(
    providers.map(({ type }) => type),
    ['file'],
  );
  assert.ok(read('docs/DASHBOARDS.md').includes(`./deploy/grafana:${providers[0]?.options.path}:ro`));
  const { datasources } = provisioned('datasources/prometheus.yml') as {
    datasources: readonly { type: string; jsonData: { timeInterval: string } }[];
  };
  const { global } = load(read('deploy/prometheus/prometheus.yml')) as {
    global: { scrape_interval: string };
  };
  assert.deepEqual(
    datasources.map(({ type, jsonData }) => [type, jsonData.timeInterval]),
    [['prometheus', global.scrape_interval]],
  );
});

test('the recording rules that they use are shipped', () => {
  const rules = new Set(
    [...read('deploy/prometheus/tributary.rules.yml').matchAll(/record: (\S+)/g)].map(([, name]) => name),
  );
  const used = QUERIES.flatMap(({ expr }) => [...metricNames(expr)]).filter((name) => name.includes(':'));
  assert.ok(used.length > 0);
  assert.deepEqual(
    used.filter((name) => !rules.has(name)),
    [],
  );
});

test('every query gives data', { skip: without('PROMETHEUS_3') || withoutOpenssl }, async (t) => {
  const fleet = await startTroubledFleet(t);
  const prometheus = await startPrometheus(t, fleet);
  const seen = (what: string, query: string) =>
    eventually(what, async () => (await prometheus.number(query)) > 0);
  await seen('the reporter', 'count(tributary_reporter_connected == 1)');
  await fleet.outage();
  await fleet.connectHosts();
  await seen('all hosts', `sum(tributary_host_up) == ${HANDS.length + 1}`);
  await fleet.trouble();

  const choices = await assertVariables(prometheus);
  await assertData(t, prometheus, choices);
  await assertTold(prometheus, choices);
  await assertNames(prometheus);
  await assertOneHost(prometheus, choices);
});

/** By deploy/prometheus, but each second; the gateway with TLS has a job of its own. */
async function startPrometheus(t: TestContext, fleet: TroubledFleet): Promise<Prometheus> {
  const shipped = load(read('deploy/prometheus/prometheus.yml')) as { scrape_configs: readonly object[] };
  const [job] = shipped.scrape_configs;
  const of = (address: string) => ({ ...job, static_configs: [{ targets: [address] }] });
  const { gateway, secured, caFile } = fleet;
  const tls = { job_name: 'tributary-tls', scheme: 'https', tls_config: { ca_file: caFile } };
  const scrapeConfigs = [of(gateway.address), { ...of(secured.address), ...tls }];
  return await Prometheus.start(t, { version: 'PROMETHEUS_3', jobs: [], scrapeConfigs, ruleFiles: [RULES] });
}

/** What is chosen by default: all, or the first where there is no more than one. */
async function assertVariables(prometheus: Prometheus): Promise<ReadonlyMap<string, Choice>> {
  const choices = new Map<string, Choice>();
  for (const { uid, templating } of DASHBOARDS) {
    let choice: Choice = {};
    for (const variable of templating.list.filter(({ type }) => type === 'query')) {
      const { selector, label } = labelValues(variable);
      const values = await prometheus.labelValues(substitute(selector, choice), label);
      assert.ok(values.length > 0, `${uid}: $${variable.name} has no values`);
      const value = variable.multi ? (variable.allValue ?? values) : (values[0] ?? '');
      choice = { ...choice, [variable.name]: value };
    }
    choices.set(uid, choice);
  }
  return choices;
}

/** With the recording rules, and as if there were none. */
async function assertData(
  t: TestContext,
  prometheus: Prometheus,
  choices: ReadonlyMap<string, Choice>,
): Promise<void> {
  const canHaveData = QUERIES.filter(({ expr }) =>
    [...metricNames(expr)].every((name) => !(name in NO_DATA)),
  );
  let left = canHaveData;
  const found = new Map<Query, number>();
  const empty = async (query: Query): Promise<boolean> => {
    const expr = substitute(query.expr, choices.get(query.dashboard) ?? {});
    const counts = await Promise.all(
      [expr, expr.replace(/\btributary:[\w:]+/g, 'no_such_rule')].map((text) =>
        count(prometheus, query, text),
      ),
    );
    found.set(query, Math.min(...counts));
    return counts.includes(0);
  };
  const titles = () => left.map(({ dashboard, panel, expr }) => `\n${dashboard}: ${panel}: ${expr}`).join('');
  const started = performance.now();
  await eventually(
    'all queries give data',
    async () => {
      const still: Query[] = [];
      for (const query of left) if (await empty(query)) still.push(query);
      left = still;
      return left.length === 0;
    },
    { timeoutMs: 30_000 },
  ).catch((error) => assert.fail(`${error.message}${titles()}`));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  t.diagnostic(`${found.size} of ${QUERIES.length} queries gave data after ${seconds} s`);
}

/** Series that have a finite value. */
async function count(prometheus: Prometheus, query: Query, expr: string): Promise<number> {
  const series = await run(prometheus, query, expr);
  return series.filter(({ points }) => points.some(({ value }) => Number.isFinite(value))).length;
}

async function run(prometheus: Prometheus, { instant }: Query, expr: string): Promise<readonly Series[]> {
  const now = Date.now();
  return instant
    ? await prometheus.instant(expr)
    : await prometheus.range(expr, now - RANGE_MS, now, STEP_MS);
}

/** Panels that have to show more than zero of the trouble; those of an event show it in some moment. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  'tributary-fleet': [
    'Hosts up',
    'Hosts down',
    'Batches lost',
    'Samples rejected',
    'Bad configurations',
    'Time lost, by reason',
    'Batches lost, by reason',
    'Hosts that lost batches',
    'Samples dropped, by reason',
    'Hosts that are slowed',
    'Samples that reporters leave out',
    'Forwarded targets: scrapes that failed',
  ],
  'tributary-gateway': [
    'Rejects, by code',
    'Refusals, by code',
    'Limits reached',
    'TLS handshakes that failed, by reason',
    'Certificate ends in',
  ],
};

async function assertTold(prometheus: Prometheus, choices: ReadonlyMap<string, Choice>): Promise<void> {
  for (const [dashboard, panels] of Object.entries(TOLD)) {
    for (const panel of panels) {
      const queries = QUERIES.filter((query) => query.dashboard === dashboard && query.panel === panel);
      assert.ok(queries.length > 0, `${dashboard} has no ${panel}`);
      await eventually(`${dashboard}: ${panel} shows it`, async () => {
        for (const query of queries) {
          const series = await run(prometheus, query, substitute(query.expr, choices.get(dashboard) ?? {}));
          if (series.some(({ points }) => points.some(({ value }) => value > 0))) return true;
        }
        return false;
      });
    }
  }
  const taken = QUERIES.find(({ expr }) => expr.startsWith('min(tributary_config_last_reload_successful'));
  const choice = choices.get('tributary-gateway') ?? {};
  assert.equal(await prometheus.number(substitute(taken?.expr ?? '', choice)), 0);
}

/** So that a metric that is renamed is missed, also where a query gives data without it. */
async function assertNames(prometheus: Prometheus): Promise<void> {
  const exposed = new Set(await prometheus.labelValues('{__name__!=""}', '__name__'));
  const variables = DASHBOARDS.flatMap(({ templating }) => templating.list)
    .filter(({ type }) => type === 'query')
    .map((variable) => labelValues(variable).selector);
  const asked = new Set(
    [...QUERIES.map(({ expr }) => expr), ...variables].flatMap((expr) => [...metricNames(expr)]),
  );
  assert.ok(asked.size > 80, `${asked.size} names`);
  const docs = read('docs/OPERATIONS.md');
  const missing = [...asked].filter((name) =>
    name in NO_DATA ? !docs.includes(name) : name !== ALERTS && !exposed.has(name),
  );
  assert.deepEqual(missing, []);
}

/** A host whose name has characters of regular expressions is chosen alone, and with another. */
async function assertOneHost(prometheus: Prometheus, choices: ReadonlyMap<string, Choice>): Promise<void> {
  const table = QUERIES.filter(
    ({ dashboard, panel }) => dashboard === 'tributary-fleet' && panel === 'Hosts',
  );
  assert.ok(table.length > 5);
  const choice = choices.get('tributary-fleet');
  for (const host of [[REPORTER], [REPORTER, 'hand-1']]) {
    for (const { expr } of table) {
      // Hosts that are driven by hand have no reporter.
      const wanted = expr.includes('tributary_reporter_') ? [REPORTER] : [...host].sort();
      await eventually(`${host} of ${expr}`, async () => {
        const series = await prometheus.instant(substitute(expr, { ...choice, host }));
        assert.deepEqual(series.map(({ labels }) => labels['host']).sort(), wanted);
        return true;
      });
    }
  }
}

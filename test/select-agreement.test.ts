/** Selections agree with what a real Prometheus takes for the same selectors, on the same data. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { eventually } from './support/eventually.ts';
import { readExposition, type Sample } from './support/exposition.ts';
import { batch, hello, identity } from './support/frames.ts';
import { without } from './support/peers.ts';
import { Gateway, OPENMETRICS } from './support/programs.ts';
import { Prometheus, type PrometheusPeer } from './support/prometheus.ts';
import { WireClient } from './support/wire-client.ts';

const VERSIONS: readonly PrometheusPeer[] = ['PROMETHEUS_3', 'PROMETHEUS_2_53', 'PROMETHEUS_2_42'];

interface Content {
  readonly labels: Readonly<Record<string, string>>;
  readonly families: readonly { name: string; type: string; help: string; series: readonly unknown[] }[];
}

/** One of every type, with labels that are renamed and values that are escaped. */
const MAIN: Content = {
  labels: { job: 'node', env: 'prod', empty: '' },
  families: [
    { name: 'node_load1', type: 'gauge', help: 'Load.', series: [['', {}]] },
    {
      name: 'node_cpu_seconds_total',
      type: 'counter',
      help: 'CPU.',
      series: ['0', '1', '10'].flatMap((cpu) => ['idle', 'user'].map((mode) => ['', { cpu, mode }])),
    },
    {
      name: 'rpc_seconds',
      type: 'histogram',
      help: 'RPCs.',
      series: [
        ['_bucket', { le: '0.5', method: 'get' }],
        ['_bucket', { le: '+Inf', method: 'get' }],
        ['_sum', { method: 'get' }],
        ['_count', { method: 'get' }],
      ],
    },
    {
      name: 'node_filesystem_free_bytes',
      type: 'gauge',
      help: 'Free.',
      series: ['/', '/data "new"', 'C:\\x', 'a\nb', '/µ😀', '{env='].map((mountpoint) => [
        '',
        { mountpoint, env: 'own', host: 'inner', exported_host: 'taken' },
      ]),
    },
  ],
};
const OTHER: Content = {
  labels: { job: 'db', instance: 'db:9100' },
  families: [
    { name: 'up', type: 'gauge', help: 'Up.', series: [['', {}]] },
    { name: 'node_load1', type: 'gauge', help: 'Load.', series: [['', {}]] },
    {
      name: 'size_bytes',
      type: 'summary',
      help: 'Sizes.',
      series: [
        ['', { quantile: '0.9' }],
        ['_sum', {}],
        ['_count', {}],
      ],
    },
  ],
};

/** As a Pushgateway has a group without instance. */
const BARE: Content = {
  labels: { job: 'batch', instance: '' },
  families: [
    { name: 'node_load1', type: 'gauge', help: 'Load.', series: [['', {}]] },
    { name: 'last_run', type: 'gauge', help: 'When.', series: ['a', 'b'].map((task) => ['', { task }]) },
  ],
};

/** Sends one batch of all shapes for each host. */
async function fill(t: TestContext, gateway: Gateway, hosts: readonly string[]): Promise<void> {
  for (const [h, host] of hosts.entries()) {
    const client = await WireClient.connect(t, gateway.streamUrl);
    client.send(hello(identity(host)));
    await client.next('welcome');
    const groups: Record<number, number[]> = {};
    for (const [id, shape] of [MAIN, OTHER, BARE].entries()) {
      client.send({ kind: 'shape', id: id + 1, ...shape });
      const count = shape.families.reduce((sum, { series }) => sum + series.length, 0);
      groups[id + 1] = Array.from({ length: count }, (_, i) => 100 * h + i);
    }
    client.send(batch(1, groups));
    await client.acked(1);
  }
}

/** Series of hosts by their labels, each with its value and time. The gateway's own get labels from Prometheus. */
function hostSeries(body: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, labels, value, at } of readExposition(body).samples) {
    if ((labels['host'] ?? '') === '' || name.startsWith('tributary_')) continue;
    // `up` of a host is the gateway's own and has no time there.
    const time = name === 'up' && labels['job'] === 'node' ? '' : at;
    found.set(keyOf(name, labels), `${value} ${time}`);
  }
  return found;
}

function keyOf(name: string, labels: Sample['labels']): string {
  const present = Object.entries(labels).filter(([, value]) => value !== '');
  return JSON.stringify([name, ...present.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

const query = (selectors: readonly string[]): string =>
  selectors.map((selector) => `match[]=${encodeURIComponent(selector)}`).join('&');

/** Some of them say the same in other words; each selects something. */
const SELECTORS: readonly (readonly string[])[] = [
  ['node_load1'],
  ['up'],
  ['{__name__=~"node_.*"}'],
  ['{__name__=~"rpc_seconds_(sum|count)|size_bytes", job!="node"}', 'rpc_seconds_bucket{le="+Inf"}'],
  ['{job="db"}'],
  ['{instance="web-1"}', "{instance=~'db:.+',host!='web-1'}"],
  ['{host=~"web-.*",env="prod",mode=~"idle|"}'],
  ['node_cpu_seconds_total{cpu=~"1.*",mode!~"u.+"}'],
  ['node_cpu_seconds_total{cpu=~"1",mode=~".*"}'],
  ['{cpu!="",cpu!~"[02-9]+"}'],
  ['{mountpoint=~`.*"new"`}', '{mountpoint="C:\\\\x"}', '{mountpoint="/\\u00b5\\U0001F600"}'],
  ['{exported_exported_host="inner"}', '{exported_host="taken",exported_env="own",mountpoint=~".=?env.*|/"}'],
  ['{mountpoint="a\\nb"}', '{mountpoint=`{env=`}'],
  ['{quantile=~"0\\\\.9|1",empty=""}'],
  ['{__name__=~".+",le=~".+"}', '{__name__!="",quantile!=""}'],
  ['{__name__=~".+",host="db-1",job=~"(node|other)"}'],
  ['node_load1{instance=""}', 'last_run{instance=~"|x",task!="b"}'],
  ['{job=~"batch|db",instance!=""}', 'node_load1{instance=~".+"}'],
  ['node_load1{nothing=""}', 'node_load1{host=~"(?i)DB-[[:digit:]]"}'],
];

test('what a selector selects, Prometheus selects', { skip: without(...VERSIONS) }, async (t) => {
  await using gateway = await Gateway.start(t);
  const hosts = ['web-1', 'web-2', 'db-1'];
  await fill(t, gateway, hosts);
  const all = await Promise.all(VERSIONS.map((version) => scraping(t, version, gateway)));
  const wholeBody = (await gateway.metrics()).body;
  const whole = hostSeries(wholeBody);
  assert.equal(whole.size, hosts.length * 26);
  for (const prometheus of all) {
    const federated = await federate(prometheus, ['{__name__!=""}']);
    assert.deepEqual(sorted(hostSeries(federated.body)), sorted(whole), `${prometheus.version}: everything`);
    const bare = await prometheus.instant('last_run');
    assert.deepEqual(
      bare.map(({ labels }) => labels['instance']),
      hosts.flatMap(() => [undefined, undefined]),
      prometheus.version,
    );
  }
  for (const selectors of SELECTORS) {
    const ours = await fetch(`${gateway.url}/metrics?${query(selectors)}`);
    const selected = hostSeries(await ours.text());
    assert.ok(selected.size > 0 && selected.size < whole.size, `${selectors}: ${selected.size}`);
    for (const prometheus of all) {
      const federated = await federate(prometheus, selectors);
      const why = `${prometheus.version}: ${selectors.join(' or ')}`;
      assert.deepEqual(sorted(hostSeries(federated.body)), sorted(selected), why);
    }
  }
  // Also what has only some lines of a histogram scrapes well, in whatever format.
  for (const prometheus of all) {
    const up = await prometheus.stored('up{job="parts"}', '1m');
    assert.ok(up.length === 1 && up[0]?.points.every(({ value }) => value === 1), prometheus.version);
    assert.deepEqual(prometheus.warnings(), [], prometheus.version);
  }
});

/** Prometheus with everything from the gateway, and parts of it once more. */
async function scraping(t: TestContext, version: PrometheusPeer, gateway: Gateway): Promise<Prometheus> {
  const common = { targets: [gateway.address], honorLabels: true };
  const prometheus = await Prometheus.start(t, {
    version,
    jobs: [
      { job: 'all', ...common },
      {
        job: 'parts',
        ...common,
        params: { 'match[]': ['rpc_seconds_sum', '{le="0.5"}', 'size_bytes_count'] },
      },
    ],
  });
  await eventually(`${version} has scraped`, async () => {
    const up = await prometheus.stored('up{instance!="",job=~"all|parts"}', '1m');
    return up.length === 2 && up.every(({ points }) => points.length >= 2);
  });
  return prometheus;
}

const sorted = (series: ReadonlyMap<string, string>): [string, string][] =>
  [...series].sort(([a], [b]) => (a < b ? -1 : 1));

async function federate(prometheus: Prometheus, selectors: readonly string[]) {
  const response = await fetch(`${prometheus.url}/federate?${query(selectors)}`);
  return { status: response.status, body: await response.text() };
}

/** What both must take or refuse, and what only one takes on purpose. */
const SYNTAX: Readonly<Record<'taken' | 'refused' | 'oursOnly' | 'theirsOnly', readonly string[]>> = {
  taken: [
    'up',
    ':up',
    'a:b{c="d",}',
    ' \tup\r\n{ a = "b" # c\n, }',
    'up{}',
    'sum{by="offset"}',
    '{__name__="up"}',
    'up{__name__=~"up|down"}',
    'up{a=`b\\`}',
    "up{a='\\''}",
    'up{a="\\x41\\101\\u0041\\U00000041\\a\\b\\f\\n\\r\\t\\v\\\\\\""}',
    'up{a="é",b!="",c=~"",d!~"x"}',
    'up{a=~"[[:alpha:]]\\\\pL\\\\p{Greek}(?P<n>x)(?i)y\\\\Q.\\\\E\\\\z"}',
    'up{a=~"a{,3}\\\\_"}',
  ],
  refused: [
    '',
    ' ',
    'é',
    '1up',
    '"up"',
    '(up)',
    '-up',
    'sum(up)',
    'up[5m]',
    'up offset 5m',
    'up @ 1',
    'up,down',
    'up or down',
    'up}',
    'up{a="b"}{c="d"}',
    'up{',
    'up{,}',
    'up{a="b",,}',
    'up{1a="b"}',
    'up{a}',
    'up{a:b="c"}',
    'up{a~"b"}',
    'up{a! ="b"}',
    'up{a=}',
    'up{a=b}',
    'up{a==“b”}',
    'up{a= ~"b"}',
    'up{a="b"',
    'up{a="b" c="d"}',
    'up{a="b"\v}',
    'up{a="b',
    'up{a="b\n"}',
    'up{a=`b"}',
    'up{a="\\d"}',
    'up{a="\\\'"}',
    'up{a="\\x4"}',
    'up{a="\\18"}',
    'up{a="\\400"}',
    'up{a="\\ud83d\\ude00"}',
    'up{a="\\U00110000"}',
    'up{a="\ufffd"}',
    'up{a=~"("}',
    'up{a=~"a)(b"}',
    'up{a=~"a**"}',
    'up{a=~"a{1001}"}',
    'up{a=~"(?=a)"}',
    'up{a=~"(?<=a)b"}',
    'up{a=~"(.)\\\\1"}',
    'up{a=~"(?x)a"}',
    'up{a=~"\\\\C"}',
  ],
  oursOnly: ['on', 'inf', 'bool{a="b"}'],
  theirsOnly: ['{}', '{a=""}', '{a!="b"}', '{a=~".*"}', 'up{a="\\xff"}'],
};

test('what is taken and what is refused', { skip: without('PROMETHEUS_3', 'PROMETHEUS_2_42') }, async (t) => {
  await using gateway = await Gateway.start(t);
  for (const version of ['PROMETHEUS_3', 'PROMETHEUS_2_42'] as const) {
    await using prometheus = await Prometheus.start(t, { version, jobs: [] });
    for (const [verdict, selectors] of Object.entries(SYNTAX)) {
      for (const selector of selectors) {
        const theirs = await federate(prometheus, [selector]);
        const ours = await fetch(`${gateway.url}/metrics?${query([selector])}`, {
          headers: { accept: OPENMETRICS },
        });
        const body = await ours.text();
        const expected = [
          verdict === 'taken' || verdict === 'oursOnly',
          verdict === 'taken' || verdict === 'theirsOnly',
        ];
        const statuses = expected.map((taken) => (taken ? 200 : 400));
        assert.deepEqual(
          [ours.status, theirs.status],
          statuses,
          `${version}: ${selector}: ${body} ${theirs.body}`,
        );
      }
    }
  }
});

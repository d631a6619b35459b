/** `tributary-gateway doctor` beside a real gateway and real Prometheis: nothing is found where all is well, and what is not is named with its line. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { eventually } from './support/eventually.ts';
import { without } from './support/peers.ts';
import { type Ended, Gateway, Reporter, runToEnd } from './support/programs.ts';
import { Prometheus, type ScrapeJob } from './support/prometheus.ts';
import { tempDir } from './support/temp-dir.ts';

interface Told {
  readonly code: string;
  readonly severity: string;
  readonly what: string;
  readonly change: { readonly where: string; readonly lines: readonly string[] };
}

interface Examined extends Ended {
  readonly findings: readonly Told[];
  /** What is worse than a note. */
  readonly codes: readonly string[];
}

async function examine(t: TestContext, ...args: readonly string[]): Promise<Examined> {
  const ended = await runToEnd(t, 'gateway', ['doctor', '--json', ...args]);
  assert.deepEqual(ended.stderr, []);
  const { findings } = JSON.parse(ended.stdout.join('\n')) as { findings: Told[] };
  const codes = findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);
  assert.equal(ended.code, codes.length === 0 ? 0 : 1, codes.join());
  return { ...ended, findings, codes };
}

/** Each of the codes is there, and what it says matches. */
function assertTold({ findings }: Examined, wanted: Readonly<Record<string, RegExp>>): void {
  for (const [code, pattern] of Object.entries(wanted)) {
    const told = findings.filter((finding) => finding.code === code);
    assert.ok(told.length > 0, `${code} is not among ${findings.map((finding) => finding.code).join()}`);
    const text = told.map(({ what, change }) => [what, change.where, ...change.lines].join('\n')).join('\n');
    assert.match(text, pattern, code);
  }
}

async function fleet(t: TestContext): Promise<Gateway> {
  const gateway = await Gateway.start(t);
  await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: 'web-1' });
  return gateway;
}

interface Scraper {
  readonly scraper: string;
  readonly takenSamples: number;
  readonly clients: readonly unknown[];
}

async function isTaking(gateway: Gateway, clients = 1): Promise<void> {
  await eventually('samples are taken', async () => {
    const scrapers = (await gateway.api('/api/v1/scrapers')) as Scraper[];
    return scrapers.some((each) => each.takenSamples > 0 && each.clients.length >= clients);
  });
}

/** A reload is answered before its targets are there. */
async function haveJobs(prometheus: Prometheus, ...wanted: readonly string[]): Promise<void> {
  await eventually(`it has the jobs ${wanted}`, async () => {
    const jobs = new Set((await prometheus.targets()).map(({ job }) => job));
    return jobs.size === wanted.length && wanted.every((job) => jobs.has(job));
  });
}

const jobOf = (gateway: Gateway, over: Partial<ScrapeJob> = {}): ScrapeJob => ({
  job: 'tributary',
  targets: [gateway.address],
  honorLabels: true,
  params: { scraper: ['prometheus'] },
  ...over,
});

test('a good setup, and then one mistake after another', { skip: without('PROMETHEUS_3') }, async (t) => {
  const gateway = await fleet(t);
  const prometheus = await Prometheus.start(t, { version: 'PROMETHEUS_3', jobs: [jobOf(gateway)] });
  const flags = ['--gateway.url', gateway.url, '--prometheus.url', prometheus.url];
  await isTaking(gateway);
  assert.deepEqual((await examine(t, ...flags)).codes, []);
  // For people, too; and it is found where it listens.
  const plain = await runToEnd(t, 'gateway', ['doctor', '--web.listen-address', gateway.address]);
  assert.equal(plain.code, 0, plain.stdout.join('\n'));
  assert.match(plain.stdout.join('\n'), /1 of 1 host up\n(.*\n)*Nothing is wrong/);

  const protocols = {
    scrape_protocols: ['PrometheusText0.0.4'],
    fallback_scrape_protocol: 'PrometheusText0.0.4',
  };
  const relabel = { metric_relabel_configs: [{ action: 'labeldrop', regex: 'host|rack' }] };
  const more = { honor_timestamps: false, track_timestamps_staleness: true, ...protocols, ...relabel };
  const bad = jobOf(gateway, { honorLabels: false, sampleLimit: 10, more });
  await prometheus.reload({ jobs: [bad], tsdb: { out_of_order_time_window: '30m' } });
  await eventually('the limit is passed', async () =>
    (await prometheus.targets()).some(({ lastError }) => lastError.includes('sample limit')),
  );
  assertTold(await examine(t, ...flags), {
    NO_HONOR_LABELS: /job "tributary"\nhonor_labels: true/,
    HONOR_TIMESTAMPS_OFF: /\nhonor_timestamps: true/,
    STALENESS_TRACKED: /\ntrack_timestamps_staleness: false/,
    NO_OPENMETRICS: /\nscrape_protocols: \[OpenMetricsText1\.0\.0/,
    RELABEL_LOSES_HOST: /labeldrop, regex: "host\|rack"/,
    SAMPLE_LIMIT: /failed just now: .*sample limit.*\n.*\nsample_limit: 0/,
    TARGET_DOWN: /1 of 1 target/,
    WINDOW_TOO_LONG:
      /up to 50m old.* is 30m\.\nprometheus\.yml\nstorage: \{tsdb: \{out_of_order_time_window: 1h5m\}\}/,
    SCRAPER_TAKES_ONE_POINT: /Prometheus\/3\.\S+, text\)/,
  });

  const copy = jobOf(gateway, { job: 'copy' });
  const lonely = jobOf(gateway, { job: 'tributary', params: { scraper: ['prometheus'], window: ['10h'] } });
  await prometheus.reload({ jobs: [copy, lonely], tsdb: { out_of_order_time_window: '1d' } });
  await haveJobs(prometheus, 'copy', 'tributary');
  assertTold(await examine(t, ...flags), {
    SCRAPER_NAME_TWICE:
      /2 targets of the jobs "copy", "tributary"(.|\n)*params: \{scraper: \[prometheus-2\]\}/,
    REPLAY_CUT: /window=10h.*\n.*\nreplay: \{window: 10h\}/,
    WINDOW_SHORTER_THAN_PROMETHEUS: /up to 1d old(.|\n)*23h45m/,
  });

  await prometheus.reload({ jobs: [] });
  await haveJobs(prometheus);
  assertTold(await examine(t, ...flags), { NO_SCRAPE_JOB: /job_name: tributary\n.*honor_labels: true/ });

  await gateway.kill('SIGTERM');
  const down = await runToEnd(t, 'gateway', ['doctor', ...flags]);
  assert.deepEqual([down.code, down.stdout], [2, []]);
  assert.match(
    down.stderr.join('\n'),
    /^tributary-gateway: http:\/\/127\.0\.0\.1:\d+ refuses the connection.*--gateway\.url right\?$/,
  );
});

test('two Prometheis under one name, one of them old', {
  skip: without('PROMETHEUS_3', 'PROMETHEUS_2_42'),
}, async (t) => {
  const gateway = await fleet(t);
  const [, old] = await Promise.all([
    Prometheus.start(t, { version: 'PROMETHEUS_3', jobs: [jobOf(gateway)] }),
    Prometheus.start(t, { version: 'PROMETHEUS_2_42', jobs: [jobOf(gateway, { honorLabels: false })] }),
  ]);
  await isTaking(gateway, 2);
  const wanted = { SCRAPER_NAME_SHARED: /Prometheus\/3(.|\n)*params: \{scraper: \[prometheus-b\]\}/ };
  await eventually('each has come some times', async () => {
    const [scraper] = (await gateway.api('/api/v1/scrapers')) as { clients: { scrapes: number }[] }[];
    return scraper?.clients.every(({ scrapes }) => scrapes >= 3) === true;
  });
  assertTold(await examine(t, '--gateway.url', gateway.url, '--prometheus.url', old.url), {
    ...wanted,
    NO_HONOR_LABELS: /honor_labels: true/,
  });
  // None of the versions that keep one point only can be had; so one is made to say that it is one.
  const versions = { '/api/v1/status/buildinfo': { version: '2.54.0' } };
  const older = await standIn(t, old.url, versions);
  assertTold(await examine(t, '--gateway.url', gateway.url, '--prometheus.url', older), {
    PROMETHEUS_VERSION: /Prometheus 2\.54\.0 .*\n.*\nupdate it/,
  });
});

/** Passes requests on, and gives answers of its own to some. */
async function standIn(
  t: TestContext,
  url: string,
  answers: Readonly<Record<string, object>>,
): Promise<string> {
  const server = createServer(async ({ url: path = '' }, response) => {
    const own = answers[path];
    const text =
      own === undefined
        ? await (await fetch(`${url}${path}`)).text()
        : JSON.stringify({ status: 'success', data: own });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a Prometheus that is not there, or something in its place', async (t) => {
  const gateway = await Gateway.start(t);
  const at = ['--gateway.url', gateway.url];
  assertTold(await examine(t, ...at, '--prometheus.url', 'http://127.0.0.1:9'), {
    PROMETHEUS_UNREACHABLE: /nothing listens there/,
    NO_SCRAPER: /job_name: tributary/,
    NO_HOSTS: /tributary-reporter --gateway\.url ws:/,
  });
  const page = createServer((_request, response) => void response.end('<html>log in</html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());
  const pageUrl = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  assertTold(await examine(t, ...at, '--prometheus.url', pageUrl), {
    PROMETHEUS_STRANGE: /a page of HTML/,
  });
  const astray = await runToEnd(t, 'gateway', ['doctor', '--gateway.url', pageUrl]);
  assert.equal(astray.code, 2);
  assert.match(astray.stderr.join('\n'), /is not a Tributary gateway: .* a page of HTML$/);
});

test('who may not read is told which token it takes, and no secret is shown', async (t) => {
  const gateway = await Gateway.start(t);
  const folder = await tempDir(t);
  const create = async (...kind: readonly string[]) => {
    const made = await runToEnd(t, 'gateway', [
      'token',
      'create',
      ...kind,
      '--storage.path',
      gateway.storagePath,
    ]);
    const file = join(folder, `${kind.join('')}.token`);
    await writeFile(file, `${made.stdout[0]}\n`);
    return { file, token: made.stdout[0] ?? '' };
  };
  const [scrape, host] = await Promise.all([create('--scrape', 'doctor'), create('--host', 'web-1')]);
  const wrong = join(folder, 'wrong.token');
  await writeFile(wrong, 'tributary_scrape_wrong\n');
  const refusals: readonly (readonly [file: string, message: RegExp])[] = [
    ['', /wants a credential \(HTTP 401: .*token create --scrape doctor .*--gateway\.token-file/],
    [wrong, /does not know the credential that was shown \(HTTP 401/],
    [host.file, /is not one for reading \(HTTP 403.*a scrape or an admin token/],
  ];
  const ends = refusals.map(async ([file, message]) => {
    const token = file === '' ? [] : ['--gateway.token-file', file];
    const ended = await runToEnd(t, 'gateway', ['doctor', '--gateway.url', gateway.url, ...token]);
    const text = ended.stderr.join('\n');
    assert.equal(ended.code, 2);
    assert.match(text, message);
    assert.ok(!text.includes(host.token) && !text.includes('_wrong'));
  });
  await Promise.all(ends);
  const known = await examine(t, '--gateway.url', gateway.url, '--gateway.token-file', scrape.file);
  assert.deepEqual(known.codes, ['NO_SCRAPER', 'NO_HOSTS']);
  assert.ok(!known.stdout.join('\n').includes(scrape.token));
});

test('mistakes on the command line end with 2, too', async (t) => {
  const typo = await runToEnd(t, 'gateway', ['doctor', '--gateway.ulr', 'http://a']);
  assert.deepEqual([typo.code, typo.stdout], [2, []]);
  assert.match(typo.stderr[0] ?? '', /unknown flag --gateway\.ulr; did you mean --gateway\.url\?/);
  const help = await runToEnd(t, 'gateway', ['doctor', '--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout.join('\n'), /usage: tributary-gateway doctor/);
});

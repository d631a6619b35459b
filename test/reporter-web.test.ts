/**
 * `--web.listen-address` of the reporter: a real Prometheus that scrapes a host directly stores what it stores of the same host
 * through the gateway: the same points at the same times.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { eventually } from './support/eventually.ts';
import { without } from './support/peers.ts';
import { stablePort } from './support/ports.ts';
import { Gateway, Reporter, runToEnd } from './support/programs.ts';
import { Prometheus } from './support/prometheus.ts';
import { tempDir } from './support/temp-dir.ts';

const POINTS = 8;

test('scraped directly, a host tells the same', { skip: without('PROMETHEUS_3') }, async (t) => {
  const gateway = await Gateway.start(t);
  const address = `127.0.0.1:${await stablePort()}`;
  const file = join(await tempDir(t), 'reporter.yml');
  await writeFile(file, '{}\n');
  const flags = ['--web.listen-address', address, '--web.enable-profiles'];
  const args = ['--config.file', file, ...flags];
  const reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: 'web-1', args });
  const common = { honorLabels: true, interval: '1s' };
  const prometheus = await Prometheus.start(t, {
    version: 'PROMETHEUS_3',
    jobs: [
      { ...common, job: 'through', targets: [gateway.address], params: { scraper: ['web'] } },
      { ...common, job: 'direct', targets: [address] },
    ],
  });
  const stored = async (selector: string) => {
    const all = await prometheus.stored(`node_load1{${selector}}`, '10m');
    return new Map(all.flatMap(({ points }) => points.map(({ at, value }) => [at, value])));
  };
  await eventually('there is enough on both sides', async () => {
    const [direct, through] = [await stored('job="direct"'), await stored('job="node"')];
    return direct.size >= POINTS && [...direct.keys()].every((at) => through.has(at));
  });
  const [direct, through] = [await stored('job="direct"'), await stored('job="node"')];
  for (const [at, value] of direct) assert.equal(through.get(at), value);
  const names = async (selector: string) =>
    (await prometheus.names(`{${selector}}`, Date.now() - 600_000, Date.now())).filter((name) =>
      /^(node|process|tributary_reporter)_/.test(name),
    );
  assert.deepEqual(await names('job="direct"'), await names('job="node"'));
  const page = await fetch(`http://${address}/metrics`);
  assert.match(page.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  await assertAnswers(address, reporter);
  for (const url of [gateway.url, `http://${address}`]) await assertSnapshot(url);
});

async function assertAnswers(address: string, reporter: Reporter): Promise<void> {
  assert.equal((await fetch(`http://${address}/-/ready`)).status, 200);
  const answer = await (await fetch(`http://${address}/api/v1/status`)).json();
  const { data } = answer as { data: { host: string; pid: number; gateway: { connected: boolean } } };
  assert.deepEqual([data.host, data.pid, data.gateway.connected], ['web-1', reporter.pid, true]);
  const reload = await fetch(`http://${address}/-/reload`, { method: 'POST' });
  assert.deepEqual([reload.status, await reload.text()], [200, '']);
  await eventually('the log says so', () => reporter.log.some((line) => line.includes('POST /-/reload')));
}

/** The gateway's is for administrators, and without credentials this machine is one. */
async function assertSnapshot(url: string): Promise<void> {
  const response = await fetch(`${url}/debug/pprof/heap`);
  const { nodes } = (await response.json()) as { nodes: readonly number[] };
  assert.ok(nodes.length > 100_000, `${url}: ${nodes.length}`);
}

test('an address that is taken is said, and nothing is begun', async (t) => {
  const gateway = await Gateway.start(t);
  const flags = ['--web.listen-address', gateway.address, '--spool.path', await tempDir(t)];
  const { code, stderr } = await runToEnd(t, 'reporter', ['run', ...flags]);
  assert.equal(code, 1);
  const text = `cannot listen on ${gateway.address}: in use by another program; stop it, or give another port (--web.listen-address)`;
  assert.deepEqual(stderr, [`tributary-reporter: ${text}`]);
});

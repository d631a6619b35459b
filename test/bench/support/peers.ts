/** What people would use instead, as far as it is installed: see test/tools/fetch-peers. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type Peer, pathOf, without } from '../../support/peers.ts';
import { stablePort } from '../../support/ports.ts';
import type { Bench } from '../part.ts';
import { Program, type Served } from './program.ts';

async function start(
  bench: Bench,
  peer: Peer,
  ready: string,
  argsOf: (address: string) => readonly string[],
): Promise<Served | null> {
  const missing = without(peer);
  if (missing !== false) {
    bench.say(missing);
    return null;
  }
  const address = `127.0.0.1:${await stablePort()}`;
  const program = Program.start(bench, peer, pathOf(peer), argsOf(address));
  await program.ready(`http://${address}${ready}`);
  return { program, url: `http://${address}` };
}

export async function startVictoria(bench: Bench): Promise<Served | null> {
  return await start(bench, 'VICTORIA_METRICS', '/health', (address) => [
    `-httpListenAddr=${address}`,
    `-storageDataPath=${join(bench.folder(), 'victoria')}`,
    '-retentionPeriod=100y',
    // Unless told, a federated series is at most so old.
    '-search.maxStalenessInterval=1h',
    '-search.maxUniqueTimeseries=10000000',
    '-search.maxFederateSeries=10000000',
  ]);
}

export async function startPushgateway(bench: Bench): Promise<Served | null> {
  return await start(bench, 'PUSHGATEWAY', '/-/ready', (address) => [
    `--web.listen-address=${address}`,
    // It compares each push with all others otherwise, which is a hundred times slower still.
    '--push.disable-consistency-check',
    '--log.level=error',
  ]);
}

export async function startPrometheus(bench: Bench, config: string): Promise<Served | null> {
  return await start(bench, 'PROMETHEUS_3', '/-/ready', (address) => [
    `--web.listen-address=${address}`,
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(bench.folder(), 'prometheus')}`,
    '--log.level=error',
  ]);
}

export async function startNodeExporter(bench: Bench): Promise<Served | null> {
  return await start(bench, 'NODE_EXPORTER', '/metrics', (address) => [`--web.listen-address=${address}`]);
}

/** One that scrapes a target, and hands on what it gets to somebody who takes everything and keeps nothing. */
export async function startVmagent(bench: Bench, target: Served, interval: string): Promise<Served | null> {
  const sink = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  const port = await stablePort();
  sink.listen(port, '127.0.0.1');
  await once(sink, 'listening');
  bench.atEnd(() => {
    sink.close();
    sink.closeAllConnections();
  });
  const folder = bench.folder();
  const config = join(folder, 'scrape.yml');
  const job = { job_name: 'node', static_configs: [{ targets: [target.url.replace('http://', '')] }] };
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: interval }, scrape_configs: [job] }));
  return await start(bench, 'VMAGENT', '/health', (address) => [
    `-httpListenAddr=${address}`,
    `-promscrape.config=${config}`,
    `-remoteWrite.url=http://127.0.0.1:${port}/api/v1/write`,
    `-remoteWrite.tmpDataPath=${join(folder, 'vmagent')}`,
  ]);
}

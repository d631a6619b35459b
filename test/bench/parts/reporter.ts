/**
 * A reporter with all default collectors, each 10 s, connected: its memory, its CPU, how soon the first batch is acked, and its bytes
 * on the wire. Beside it a node_exporter with a vmagent would do the same; of these, node_exporter is measured here.
 */
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeExporter } from '../../support/node-exporter.ts';
import { without } from '../../support/peers.ts';
import { stablePort } from '../../support/ports.ts';
import type { Bench, Part, Round } from '../part.ts';
import { startGateway, startReporter } from '../support/program.ts';
import { usageOf } from '../support/usage.ts';

/** Ten minutes to its full size; the CPU is measured in the second half. */
const HALF_MS = 300_000;
const INTERVAL_MS = 10_000;
const HOST = 'bench-1';
const LOOK_MS = 10;

/** Hands on what comes, and counts it. */
async function relay(bench: Bench, to: number): Promise<{ readonly port: number; bytes(): number }> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        into.write(chunk);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
    }
  });
  const port = await stablePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  bench.atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, bytes: () => bytes };
}

async function hostOf(url: string): Promise<{ readonly seq: number; readonly samples: number }> {
  const response = await fetch(`${url}/api/v1/hosts/${HOST}`);
  const { data } = (await response.json()) as { data?: { seq: number; samples: number } };
  return data ?? { seq: 0, samples: 0 };
}

async function theirs(bench: Bench): Promise<Round> {
  const missing = without('NODE_EXPORTER');
  if (missing !== false) {
    bench.say(missing);
    return {};
  }
  await using exporter = await NodeExporter.start([]);
  const scrapes = 30;
  await exporter.scrape();
  const before = usageOf(exporter.pid);
  for (let i = 0; i < scrapes; i++) {
    await exporter.scrape();
    await delay(INTERVAL_MS / 20);
  }
  const after = usageOf(exporter.pid);
  const share = (after.cpuSeconds - before.cpuSeconds) / scrapes / (INTERVAL_MS / 1000);
  return { 'node_exporter: CPU': share * 100, 'node_exporter: RSS': after.rssMiB };
}

export const reporter: Part = {
  about: 'ten minutes of a reporter with the default collectors, each 10 s',
  rounds: 1,
  figures: [
    { name: 'RSS', unit: 'MiB', reach: ['<=', 64] },
    { name: 'anonymous memory', unit: 'MiB', reach: ['<=', 18] },
    { name: 'CPU', unit: '% of a core', reach: ['<=', 0.15] },
    { name: 'first batch acked after', unit: 's', reach: ['<=', 1] },
    { name: 'on the wire', unit: 'bytes a sample', reach: ['<=', 1.6] },
    { name: 'series', unit: '' },
    { name: 'node_exporter: CPU', unit: '% of a core' },
    { name: 'node_exporter: RSS', unit: 'MiB' },
  ],
  async round(bench) {
    const { url } = await startGateway(bench);
    const wire = await relay(bench, Number(new URL(url).port));
    const args = ['--host', HOST, '--spool.path', join(bench.folder(), 'spool'), '--interval', '10s'];
    const startedMs = performance.now();
    const program = startReporter(bench, `http://127.0.0.1:${wire.port}`, args);
    while ((await hostOf(url)).seq === 0) await delay(LOOK_MS);
    const firstAckedS = (performance.now() - startedMs) / 1000;
    await delay(HALF_MS);
    const before = { ...program.usage(), ...(await hostOf(url)), bytes: wire.bytes() };
    await delay(HALF_MS);
    const after = { ...program.usage(), ...(await hostOf(url)), bytes: wire.bytes() };
    const samples = after.samples - before.samples;
    return {
      RSS: after.rssMiB,
      'anonymous memory': after.anonymousMiB,
      CPU: ((after.cpuSeconds - before.cpuSeconds) / (HALF_MS / 1000)) * 100,
      'first batch acked after': firstAckedS,
      'on the wire': (after.bytes - before.bytes) / samples,
      series: samples / (after.seq - before.seq),
      ...(await theirs(bench)),
    };
  },
};

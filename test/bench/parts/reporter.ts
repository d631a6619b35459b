/**
 * A reporter with all default collectors, each 10 s, connected: its memory, its CPU, how soon the first batch is acked, and its bytes
 * on the wire. Beside it, in the same ten minutes, a node_exporter with its defaults, and a vmagent that scrapes it each 10 s and
 * sends on what it gets by remote write; together they do what a reporter does, but for a spool that is on disk before it is sent.
 */
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stablePort } from '../../support/ports.ts';
import type { Bench, Part, Round } from '../part.ts';
import { startNodeExporter, startVmagent } from '../support/peers.ts';
import { type Program, startGateway, startReporter } from '../support/program.ts';
import type { Usage } from '../support/usage.ts';

/** Ten minutes to its full size; the CPU is measured in the second half. */
const HALF_MS = 300_000;
const INTERVAL = '10s';
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

/** What would be there instead, as far as it is installed. */
async function startTheirs(bench: Bench): Promise<readonly Program[]> {
  const exporter = await startNodeExporter(bench);
  const vmagent = exporter === null ? null : await startVmagent(bench, exporter, INTERVAL);
  // Without somebody who scrapes it there is nothing to be measured.
  return exporter === null || vmagent === null ? [] : [exporter.program, vmagent.program];
}

/** In % of a core. */
function shareOf(before: Usage, after: Usage): number {
  return ((after.cpuSeconds - before.cpuSeconds) / (HALF_MS / 1000)) * 100;
}

/** @param before of each of `startTheirs` */
function ofTheirs(before: readonly Usage[], after: readonly Usage[]): Round {
  if (after.length === 0) return {};
  const shares = after.map((usage, i) => shareOf(before[i] ?? usage, usage));
  const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);
  return {
    'node_exporter: CPU': shares[0] ?? Number.NaN,
    'node_exporter + vmagent: CPU': total(shares),
    'node_exporter: RSS': after[0]?.rssMB ?? Number.NaN,
    'node_exporter + vmagent: RSS': total(after.map(({ rssMB }) => rssMB)),
  };
}

export const reporter: Part = {
  about: 'ten minutes of a reporter with the default collectors, each 10 s',
  rounds: 1,
  figures: [
    { name: 'RSS', unit: 'MB', reach: ['<=', 64] },
    { name: 'anonymous memory', unit: 'MB', reach: ['<=', 18] },
    { name: 'CPU', unit: '% of a core', reach: ['<=', 0.15] },
    { name: 'first batch acked after', unit: 's', reach: ['<=', 1] },
    { name: 'on the wire', unit: 'bytes a sample', reach: ['<=', 1.6] },
    { name: 'series', unit: '' },
    { name: 'node_exporter: CPU', unit: '% of a core' },
    { name: 'node_exporter + vmagent: CPU', unit: '% of a core' },
    { name: 'node_exporter: RSS', unit: 'MB' },
    { name: 'node_exporter + vmagent: RSS', unit: 'MB' },
  ],
  async round(bench) {
    const { url } = await startGateway(bench);
    const wire = await relay(bench, Number(new URL(url).port));
    const args = ['--host', HOST, '--spool.path', join(bench.folder(), 'spool'), '--interval', INTERVAL];
    const startedMs = performance.now();
    const program = startReporter(bench, `http://127.0.0.1:${wire.port}`, args);
    while ((await hostOf(url)).seq === 0) await delay(LOOK_MS);
    const firstAckedS = (performance.now() - startedMs) / 1000;
    const theirs = await startTheirs(bench);
    const look = async () => ({
      usage: program.usage(),
      theirs: theirs.map((peer) => peer.usage()),
      ...(await hostOf(url)),
      bytes: wire.bytes(),
    });
    await delay(HALF_MS);
    const before = await look();
    await delay(HALF_MS);
    const after = await look();
    const samples = after.samples - before.samples;
    return {
      RSS: after.usage.rssMB,
      'anonymous memory': after.usage.anonymousMB,
      CPU: shareOf(before.usage, after.usage),
      'first batch acked after': firstAckedS,
      'on the wire': (after.bytes - before.bytes) / samples,
      series: samples / (after.seq - before.seq),
      ...ofTheirs(before.theirs, after.theirs),
    };
  },
};

/**
 * How fast a long backlog drains: one host with hours of history in its spool, a real gateway, both as installed.
 *
 *   npm run bench -- backlog [HOURS] [SERIES]
 *
 * Prints one JSON line. Needs Linux (/proc).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Spool } from '../../packages/reporter/src/spool/spool.ts';
import { shapeOf } from '../../packages/reporter/src/spool/test-support.ts';
import { nodeArguments } from '../../scripts/program.mjs';
import { stablePort } from '../support/ports.ts';

const HOST = 'bench-1';
const INTERVAL_MS = 10_000;
const GROUPS = 10;
const TICKS_PER_SECOND = 100;

const hours = Number(process.argv[2] ?? 23.9);
const series = Number(process.argv[3] ?? 500);
const batches = Math.round((hours * 3_600_000) / INTERVAL_MS);

/** CPU time and memory of a process, from /proc. */
function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
    rssMiB: kib('VmRSS') / 1024,
    anonMiB: kib('RssAnon') / 1024,
  };
}

/** Counters rise, a quarter of the gauges changes with each tick. */
function writeHistory(folder) {
  const spool = new Spool({ folder, retentionMs: 1e12, bytesMax: 1e10, keepAckedMs: 1e12, now: Date.now() });
  const size = Math.ceil(series / GROUPS);
  const groups = Array.from({ length: GROUPS }, (_, g) => ({
    shape: shapeOf(...Array.from({ length: size }, (_, i) => `bench_${g}_${i}`)),
    values: Array.from({ length: size }, (_, i) => g * 1000 + i * 17.25),
  }));
  const beginAt = Date.now() - batches * INTERVAL_MS;
  for (let tick = 0; tick < batches; tick++) {
    for (const { values } of groups) {
      for (let i = tick % 4; i < size; i += 4) values[i] = (values[i] ?? 0) + ((tick * 31 + i) % 997) / 8;
    }
    const at = beginAt + tick * INTERVAL_MS;
    const moment = { at, boot: 'history', mono: tick * INTERVAL_MS };
    spool.append(moment, groups, { willSend: false, timeIsSure: true, stepMs: 5000 });
  }
  spool.close();
}

function start(program, args) {
  const child = spawn(process.execPath, nodeArguments(program, [...args]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return child;
}

const folder = mkdtempSync(join(tmpdir(), 'backlog-'));
try {
  let startedAt = performance.now();
  writeHistory(join(folder, 'reporter'));
  const writtenMs = performance.now() - startedAt;
  const port = await stablePort();
  const gateway = start('gateway', [
    '--web.listen-address',
    `127.0.0.1:${port}`,
    '--storage.path',
    join(folder, 'gateway'),
    '--log.level',
    'warn',
  ]);
  await once(gateway.stdout, 'data');
  const before = usageOf(gateway.pid);
  startedAt = performance.now();
  const reporter = start('reporter', [
    '--gateway.url',
    `ws://127.0.0.1:${port}`,
    '--host',
    HOST,
    '--spool.path',
    join(folder, 'reporter'),
    '--interval',
    '1s',
    '--log.level',
    'warn',
  ]);
  let seq = 0;
  let firstAt = 0;
  let peak = { rssMiB: 0, anonMiB: 0 };
  while (seq < batches) {
    await delay(50);
    const { rssMiB, anonMiB } = usageOf(reporter.pid);
    peak = { rssMiB: Math.max(peak.rssMiB, rssMiB), anonMiB: Math.max(peak.anonMiB, anonMiB) };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/hosts/${HOST}`);
    if (!response.ok) continue;
    seq = (await response.json()).data.seq;
    if (firstAt === 0 && seq > 0) firstAt = performance.now();
  }
  const drainedMs = performance.now() - startedAt;
  const [atReporter, atGateway] = [usageOf(reporter.pid), usageOf(gateway.pid)];
  await delay(10_000);
  const later = usageOf(reporter.pid);
  const samples = batches * series;
  process.stdout.write(
    `${JSON.stringify({
      batches,
      samples,
      writtenMs: Math.round(writtenMs),
      drainedMs: Math.round(drainedMs),
      samplesPerSecond: Math.round(samples / ((drainedMs - (firstAt - startedAt)) / 1000)),
      reporterCpuMs: atReporter.cpuMs,
      gatewayCpuMs: atGateway.cpuMs - before.cpuMs,
      reporterPeakMiB: peak,
      reporterLaterMiB: { rssMiB: later.rssMiB, anonMiB: later.anonMiB },
      gatewayMiB: atGateway.rssMiB,
    })}\n`,
  );
  reporter.kill('SIGTERM');
  gateway.kill('SIGTERM');
  await delay(1000);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

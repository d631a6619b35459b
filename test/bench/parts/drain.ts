/** How fast a day of one host's backlog goes from its spool to the gateway's disk, and what the reporter's memory is meanwhile. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Spool } from '../../../packages/reporter/src/spool/spool.ts';
import { columnOf, template } from '../load/template.ts';
import type { Part } from '../part.ts';
import { startGateway, startReporter } from '../support/program.ts';

const HOST = 'bench-1';
const SERIES = 500;
const INTERVAL_MS = 10_000;
/** Just within what a gateway takes. */
const HOURS = 23.9;
const BATCHES = Math.round((HOURS * 3_600_000) / INTERVAL_MS);
const LOOK_MS = 50;
const LATER_MS = 10_000;

function writeHistory(folder: string): void {
  const spool = new Spool({ folder, retentionMs: 1e12, bytesMax: 1e10, keepAckedMs: 1e12, now: Date.now() });
  const groups = template(SERIES);
  const beginAt = Date.now() - BATCHES * INTERVAL_MS;
  for (let tick = 0; tick < BATCHES; tick++) {
    const moment = { at: beginAt + tick * INTERVAL_MS, boot: 'history', mono: tick * INTERVAL_MS };
    const columns = groups.map((group, g) => ({ shape: group.shape, values: columnOf(group, g, 1, tick) }));
    spool.append(moment, [columns], { willSend: false, timeIsSure: true, stepMs: 5000 });
  }
  spool.close();
}

export const drain: Part = {
  about: `a backlog of ${BATCHES} batches of ${SERIES} series`,
  rounds: 3,
  figures: [
    { name: 'time', unit: 's', reach: ['<=', 5] },
    { name: "reporter's CPU", unit: 's' },
    { name: "gateway's CPU", unit: 's' },
    { name: "reporter's RSS, at most", unit: 'MB' },
    { name: "reporter's RSS, 10 s later", unit: 'MB' },
  ],
  async round(bench) {
    const folder = bench.folder();
    writeHistory(join(folder, 'spool'));
    const { program, url } = await startGateway(bench);
    const before = program.usage();
    const startedMs = performance.now();
    const args = ['--host', HOST, '--spool.path', join(folder, 'spool'), '--interval', '1s'];
    const reporter = startReporter(bench, url, args);
    let peak = 0;
    for (let seq = 0; seq < BATCHES; ) {
      await delay(LOOK_MS);
      peak = Math.max(peak, reporter.usage().rssMB);
      const response = await fetch(`${url}/api/v1/hosts/${HOST}`);
      const { data } = (await response.json()) as { data?: { seq: number } };
      seq = data?.seq ?? 0;
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const [atReporter, atGateway] = [reporter.usage(), program.usage()];
    await delay(LATER_MS);
    return {
      time: seconds,
      "reporter's CPU": atReporter.cpuSeconds,
      "gateway's CPU": atGateway.cpuSeconds - before.cpuSeconds,
      "reporter's RSS, at most": peak,
      "reporter's RSS, 10 s later": reporter.usage().rssMB,
    };
  },
};

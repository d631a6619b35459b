/**
 * What fifty million samples take up once they are packed, and how soon a gateway that has them is ready: after it was stopped, and
 * after it was killed.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Load } from '../load/load.ts';
import type { Part } from '../part.ts';
import { type GatewayPlace, newPlace, startGateway } from '../support/program.ts';

/** Few with much: what a host sent last is not packed yet. */
const HOSTS = 20;
const SERIES = 500;
const BATCHES = 5_000;
const SAMPLES = HOSTS * SERIES * BATCHES;
/** Nothing of it is too old to be kept, nor so young that it would not be packed. */
const AGO_MS = 23 * 3_600_000;
/** The gateway packs and trims so often. */
const PACK_MS = 45_000;
const MB = 1e6;

async function usedBytes(url: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/status`);
  const { data } = (await response.json()) as { data: { ledger: { bytes: number } } };
  return data.ledger.bytes;
}

function fileBytes({ storage }: GatewayPlace): number {
  return readdirSync(storage).reduce((sum, name) => sum + statSync(join(storage, name)).size, 0);
}

export const stored: Part = {
  about: `${SAMPLES / 1e6} million samples of ${HOSTS} hosts`,
  rounds: 3,
  figures: [
    { name: 'in the ledger', unit: 'bytes a sample', reach: ['<=', 3] },
    { name: 'files', unit: 'MB' },
    { name: 'ready after a stop', unit: 's', reach: ['<=', 2] },
    { name: 'ready after a SIGKILL', unit: 's', reach: ['<=', 2] },
  ],
  async round(bench) {
    const place = await newPlace(bench);
    const first = await startGateway(bench, { place });
    const load = Load.start(bench, {
      url: first.url,
      hosts: HOSTS,
      series: SERIES,
      deflate: 'no',
      pace: { kind: 'flood', agoMs: AGO_MS, window: 128, ticks: BATCHES },
    });
    await load.done(SAMPLES);
    await load.stop();
    await delay(PACK_MS);
    const bytes = await usedBytes(first.url);
    await first.program.stop();
    const files = fileBytes(place);
    const again = async () => {
      const startedMs = performance.now();
      const served = await startGateway(bench, { place });
      return { served, seconds: (performance.now() - startedMs) / 1000 };
    };
    const stopped = await again();
    await stopped.served.program.stop('SIGKILL');
    const killed = await again();
    await killed.served.program.stop();
    return {
      'in the ledger': bytes / SAMPLES,
      files: files / MB,
      'ready after a stop': stopped.seconds,
      'ready after a SIGKILL': killed.seconds,
    };
  },
};

/** When a simulated host's batches were really taken, whatever its wall clock said: its boot clock cannot be set. */
import { uptime } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { BOOTED_BEFORE_MS } from './simulator/host-clock.ts';

/** @returns by how much the time of any batch of the first boot differs from the truth at most, in ms. */
export function worstDeviationMs(spool: string): number {
  const db = new Database(join(spool, 'spool.sqlite'), { readonly: true, fileMustExist: true });
  try {
    const bootedAt = Date.now() - Math.round(uptime() * 1000) - BOOTED_BEFORE_MS;
    const worst = db
      .prepare<[number], number>("SELECT max(abs(at - mono - ?)) FROM batches WHERE boot = 'boot-0'")
      .pluck()
      .get(bootedAt);
    return worst ?? 0;
  } finally {
    db.close();
  }
}

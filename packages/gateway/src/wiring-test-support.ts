/** What the tests of the wiring share: options for a folder of their own, and a log that is kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type GatewayOptions, readOptions } from './config.ts';
import type { Log } from './telemetry/log.ts';

export async function makeOptions(t: TestContext, ...argv: readonly string[]): Promise<GatewayOptions> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-gateway-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return readOptions([`--storage.path=${folder}`, '--web.listen-address=127.0.0.1:0', ...argv], {});
}

/** Lines as `level message`, with what was said beside. */
export interface KeptLog extends Log {
  readonly lines: string[];
}

export function keepLog(): KeptLog {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (fields: unknown, message?: string): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as KeptLog;
}

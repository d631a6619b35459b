/** What a user has in a shell, for the tests that type what a user types. */
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cleanEnv } from './child.ts';
import { eventually } from './eventually.ts';
import { stablePort } from './ports.ts';

/** The folders of the user's PATH: npm has put its own, with Node 24 in them, before it. */
export function pathOfUser(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
}

/** A free port and data folders of the test's own, as a user would set them. */
export async function surroundings(data: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(data, { recursive: true });
  return cleanEnv({
    PATH: pathOfUser().join(delimiter),
    TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: `127.0.0.1:${await stablePort()}`,
    TRIBUTARY_GATEWAY_STORAGE_PATH: join(data, 'gateway'),
    TRIBUTARY_REPORTER_SPOOL_PATH: join(data, 'reporter'),
    TRIBUTARY_REPORTER_INTERVAL: '2s',
    // `npm ci` has filled its cache here already.
    npm_config_prefer_offline: 'true',
  });
}

/** No process of the group is left within this time. */
export async function assertGroupGone(pid: number, timeoutMs?: number): Promise<void> {
  const isGone = (): boolean => {
    try {
      process.kill(-pid, 0);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
  };
  await eventually('the whole group is gone', isGone, timeoutMs === undefined ? {} : { timeoutMs });
}

/**
 * `npm test`: installs what is missing, then runs every test on the sources as they are.
 *
 *   npm test                                      everything
 *   npm test -- test/outage.test.ts               these files (or quoted patterns) only
 *   npm test -- --test-name-pattern='kill -9'     Node's own flags, as --name=value
 *
 * TRIBUTARY_LONG=1 runs the faults for as long as the issues ask for, not for the few seconds that show the same.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ensureInstalled, repository, runScript } from './ensure-installed.mjs';

const EVERY_TEST = ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'];
const LONG = process.env.TRIBUTARY_LONG === '1';
const SOAK = process.env.TRIBUTARY_SOAK === '1';
const MINUTE_MS = 60_000;
const TEST_MS_MAX = SOAK ? 90 * MINUTE_MS : LONG ? 10 * MINUTE_MS : 2 * MINUTE_MS;
const RUN_MS_MAX = SOAK ? 6 * 60 * MINUTE_MS : LONG ? 60 * MINUTE_MS : 12 * MINUTE_MS;
/** The whole-program tests mostly wait, so there is room for one more than there are processors; but not for hours. */
const CONCURRENCY = SOAK ? 1 : Math.min(availableParallelism() + 1, 8);

async function main() {
  const node = await ensureInstalled();
  const flags = process.argv.slice(2).filter((arg) => arg.startsWith('-'));
  const files = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
  const args = [
    '--conditions=tributary-source',
    '--test',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TEST_MS_MAX}`,
    ...flags,
    ...(files.length > 0 ? files : EVERY_TEST),
  ];
  const child = spawn(node, args, { cwd: repository, stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; what is sent to us alone has to be passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  // --test-timeout bounds one test; a file that never ends after its last test is bounded here.
  const watchdog = setTimeout(() => {
    process.stderr.write(`tributary: the tests were stopped after ${RUN_MS_MAX / 60_000} minutes\n`);
    child.kill('SIGTERM');
  }, RUN_MS_MAX);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(watchdog);
      resolve(code ?? 1);
    });
  });
}

await runScript(main);

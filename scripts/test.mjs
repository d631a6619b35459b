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
import { join } from 'node:path';
import { ensureInstalled, repository, runScript } from './ensure-installed.mjs';

/**
 * Beside their subjects. They share three processes, of about as much work each: a process for each file would cost more than
 * most of their tests.
 */
const UNIT_TESTS = [
  ['packages/gateway/src/{*.test.ts,!(ledger)/**/*.test.ts}'],
  ['packages/gateway/src/ledger/**/*.test.ts'],
  ['packages/!(gateway)/src/**/*.test.ts'],
];
/** Whole programs. */
const PROGRAM_TESTS = ['test/**/*.test.ts'];
const LONG = process.env.TRIBUTARY_LONG === '1';
const SOAK = process.env.TRIBUTARY_SOAK === '1';
const MINUTE_MS = 60_000;
const TEST_MS_MAX = SOAK ? 90 * MINUTE_MS : LONG ? 10 * MINUTE_MS : 2 * MINUTE_MS;
const RUN_MS_MAX = SOAK ? 6 * 60 * MINUTE_MS : LONG ? 60 * MINUTE_MS : 12 * MINUTE_MS;
/** The whole-program tests mostly wait, so there is room for three more than there are processors; but not for hours. */
const CONCURRENCY = SOAK ? 1 : Math.min(availableParallelism() + 3, 8);

/**
 * What V8 has compiled, types stripped, by the content of each file: the tests and the programs that they start come up
 * in half the CPU time. It is Node's own cache; `npm ci` takes it away with the rest.
 */
const ENV = { ...process.env, NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/tributary-tests') };

let isStopped = false;

function stop() {
  isStopped = true;
}

async function main() {
  const node = await ensureInstalled();
  const flags = process.argv.slice(2).filter((arg) => arg.startsWith('-'));
  const files = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
  if (files.length > 0)
    return await run(node, ['--test', `--test-concurrency=${CONCURRENCY}`, ...flags, ...files]);
  const unit = UNIT_TESTS.map((patterns) =>
    run(node, ['--test', '--test-isolation=none', ...flags, ...patterns], 'kept'),
  );
  const codes = await Promise.all(unit);
  // Not beside the others: they look at the clock.
  if (!isStopped) codes.push(await runPrograms(node, flags));
  return codes.find((code) => code !== 0) ?? 0;
}

/** All whole-program tests. Node's flags are for its own command line, which takes the files in the order of their names. */
async function runPrograms(node, flags) {
  if (flags.length > 0)
    return await run(node, ['--test', `--test-concurrency=${CONCURRENCY}`, ...flags, ...PROGRAM_TESTS]);
  return await run(node, [join(repository, 'scripts/program-tests.mjs'), `${CONCURRENCY}`, `${TEST_MS_MAX}`]);
}

/**
 * Runs Node's test runner.
 * @param output where its output goes: on, or kept until it has ended, so that two do not mix
 * @returns its exit code
 */
function run(node, args, output = 'inherit') {
  const fixed = ['--conditions=tributary-source', `--test-timeout=${TEST_MS_MAX}`];
  const stdout = output === 'kept' ? 'pipe' : 'inherit';
  const child = spawn(node, [...fixed, ...args], {
    cwd: repository,
    env: ENV,
    stdio: ['inherit', stdout, 'inherit'],
  });
  const kept = [];
  child.stdout?.on('data', (chunk) => kept.push(chunk));
  // Ctrl-C reaches the child by itself; what is sent to us alone has to be passed on.
  process.on('SIGINT', stop);
  process.on('SIGTERM', () => {
    stop();
    child.kill('SIGTERM');
  });
  // --test-timeout bounds one test; a file that never ends after its last test is bounded here.
  const watchdog = setTimeout(() => {
    process.stderr.write(`tributary: the tests were stopped after ${RUN_MS_MAX / 60_000} minutes\n`);
    child.kill('SIGTERM');
  }, RUN_MS_MAX);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(watchdog);
      for (const chunk of kept) process.stdout.write(chunk);
      resolve(code ?? 1);
    });
  });
}

await runScript(main);

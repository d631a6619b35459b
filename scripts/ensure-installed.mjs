/**
 * What `npm start` and `npm test` do first: install what is missing, build what is out of date, find the Node to use.
 * It runs on whatever Node typed the command (20 or later), before anything is installed; so it is plain JavaScript
 * and imports nothing but Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

/** The oldest Node that runs TypeScript sources as they are. */
const NODE_MIN = [22, 18];
/** The workspaces that are started; each brings what it refers to. */
const PROGRAMS = ['packages/gateway', 'packages/reporter'];
/** What they refer to. */
const LIBRARIES = ['packages/shared', 'packages/program'];

/** Something that a person has to put right; the message says what. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** The repository, unless a test works on a copy. */
export const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Makes sure that dependencies are those of the lock file and, with `build`, that `dist` is that of the sources.
 * Returns the path of a Node that can run the programs. Throws SetupError.
 */
export async function ensureInstalled({ root = repository, build = false, say = sayOnStderr } = {}) {
  if (isInstalled(root) && !(build && isBuildOld(root))) return findNode(root);
  // Not in node_modules, which `npm ci` empties.
  const lock = join(
    tmpdir(),
    `tributary-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`,
  );
  const onWait = () => say('waiting for another command that installs or builds here');
  return await withLock(lock, () => installAndBuild(root, build, say), onWait);
}

/** Runs `main` of a script: its result is the exit code, and a SetupError one line on stderr. */
export async function runScript(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    sayOnStderr(error.message);
    process.exitCode = 1;
  }
}

async function installAndBuild(root, build, say) {
  // Whoever held the lock before may have done it.
  if (!isInstalled(root)) {
    say('installing dependencies (npm ci)');
    await install(root);
  }
  const node = findNode(root);
  if (build && isBuildOld(root)) {
    say('building (tsc -b)');
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    // Without --force the compiler believes its own records, even if someone has deleted dist.
    const force = PROGRAMS.every((folder) => existsSync(join(root, folder, 'dist/main.js')))
      ? []
      : ['--force'];
    await runQuietly(
      root,
      node,
      [compiler, '-b', ...force, ...PROGRAMS],
      'tsc -b failed; its output is above',
    );
  }
  return node;
}

/**
 * True if node_modules holds what package-lock.json names. npm writes node_modules/.package-lock.json last, with the
 * entries as they are in the lock file; so this needs no record of our own and works however it was installed.
 */
export function isInstalled(root) {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    // What is optional is left out on other platforms.
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

async function install(root) {
  // No scripts: no dependency needs one, and npm would compile better-sqlite3, which brings its binaries, just because
  // there is a binding.gyp; that takes a compiler and Python. `prepare` is left out as well, and done by installAndBuild.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const failed = 'npm ci failed; its output is above';
  const npm = process.env.npm_execpath;
  if (npm === undefined || !/npm-cli\.c?js$/.test(npm)) return await runQuietly(root, 'npm', args, failed);
  // npm's own Node, because process.execPath may lie in the node_modules that npm is about to empty.
  const node = process.env.npm_node_execpath;
  await runQuietly(
    root,
    node !== undefined && existsSync(node) ? node : process.execPath,
    [npm, ...args],
    failed,
  );
}

/** True if a source is newer than what was built, or nothing was built. */
export function isBuildOld(root) {
  return PROGRAMS.some((folder) => {
    const main = join(root, folder, 'dist/main.js');
    const record = join(root, folder, 'tsconfig.tsbuildinfo');
    if (!existsSync(main) || !existsSync(record)) return true;
    // The record and not main.js: an unchanged file is not written again.
    const builtMs = statSync(record).mtimeMs;
    return [folder, ...LIBRARIES].some((part) => newestSourceMs(join(root, part, 'src')) > builtMs);
  });
}

function newestSourceMs(folder) {
  const times = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  return Math.max(0, ...times);
}

/** The Node that npm brought, or the running one if it is new enough. */
export function findNode(root) {
  const modules = join(root, 'node_modules');
  // npm 10 does not link the binary of the package that brings Node, later ones do.
  const brought = [
    join(modules, '.bin/node'),
    join(modules, `node-${process.platform}-${process.arch}/bin/node`),
  ];
  const candidates = [...brought.filter((path) => existsSync(path)), process.execPath];
  const node = candidates.find((path) => isNewEnough(versionOf(path)));
  if (node !== undefined) return node;
  throw new SetupError(
    `Node ${NODE_MIN.join('.')} or later is needed, this is ${process.version}, and npm brought none ` +
      `for ${process.platform}-${process.arch}`,
  );
}

function versionOf(path) {
  if (path === process.execPath) return process.version;
  // A Node for another C library is there and does not start.
  return spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

export function isNewEnough(version) {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version)?.map(Number) ?? [0, 0, 0];
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** Runs a command to its end; its output is shown only if it fails. Ctrl-C and SIGTERM end it together with us. */
async function runQuietly(root, command, args, failed) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const passOn = (signal) => {
    child.kill(signal);
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', passOn).on('SIGTERM', passOn);
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code === 0) return;
  } catch (error) {
    throw new SetupError(`cannot run ${basename(command)}: ${error.message}`);
  } finally {
    process.off('SIGINT', passOn).off('SIGTERM', passOn);
  }
  process.stderr.write(Buffer.concat(output));
  throw new SetupError(failed);
}

function sayOnStderr(text) {
  process.stderr.write(`tributary: ${text}\n`);
}

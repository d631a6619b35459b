/**
 * A lock between processes, as a file that holds its owner's process id. The file appears with its content in one
 * step (a hard link), so nobody sees one without an owner. A lock whose owner is gone is taken over.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
/** A process id may have been given to another process meanwhile: no owner works longer than this. */
const OWNER_MS_MAX = 15 * 60_000;

/** Runs `work` while holding the lock at `path`; `onWait` is called once if another process holds it. */
export async function withLock(path, work, onWait = () => {}) {
  const mine = `${path}.${process.pid}`;
  let waited = false;
  writeFileSync(mine, String(process.pid));
  try {
    while (!acquire(mine, path)) {
      if (!waited) onWait();
      waited = true;
      await delay(POLL_MS);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    if (readOwner(path) === process.pid) rmSync(path, { force: true });
  }
}

function acquire(mine, path) {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (isStale(path)) breakLock(mine, path);
  return false;
}

function isStale(path) {
  try {
    const owner = readOwner(path);
    const ageMs = Date.now() - statSync(path).mtimeMs;
    return owner !== null && (ageMs > OWNER_MS_MAX || !isAlive(owner));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Two waiters may find the same stale lock: the slower one must not remove what the faster one has put there. */
function breakLock(mine, path) {
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  try {
    if (!isStale(aside)) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** The owner's process id, or null when there is no lock. */
function readOwner(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

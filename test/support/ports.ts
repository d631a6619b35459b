import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Below the range that the kernel gives to outgoing connections, and above what services usually have. */
const FIRST = 20_000;
const COUNT = 12_000;
/** Files that say whose a port is. */
const claimed: string[] = [];

/**
 * A free loopback port that stays free while its server is down for a while: one that the kernel chose (port 0) might
 * be given to somebody's outgoing connection meanwhile. Other test processes keep off it, too, for as long as this one lives.
 */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (claim(port) && (await isFree(port))) return port;
  }
}

function claim(port: number): boolean {
  const file = join(tmpdir(), `tributary-test-port-${port}`);
  try {
    if (!isAlive(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true });
  } catch {
    // Nobody has it.
  }
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    return false;
  }
  if (claimed.length === 0) process.once('exit', removeClaims);
  claimed.push(file);
  return true;
}

function removeClaims(): void {
  for (const file of claimed) rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that the kernel gives to outgoing connections, and above what services usually have. */
const FIRST = 20_000;
const COUNT = 12_000;

/**
 * A free loopback port that stays free while its server is down for a while: one that the kernel chose (port 0) might
 * be given to somebody's outgoing connection meanwhile.
 */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
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

/**
 * Hands TCP connections on. As a program of its own, `node nat-forward.ts LISTEN TARGET`, both `host:port`, at a site that
 * `Nat` has made; says `ready` when it listens.
 */
import { createConnection, createServer, type Socket } from 'node:net';

/** Bytes, ends and resets go through, each way. */
export function forward(client: Socket, target: string): void {
  const server = createConnection({ ...placeOf(target), allowHalfOpen: true });
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.setNoDelay(true);
    from.on('error', () => to.resetAndDestroy());
    from.pipe(to);
  }
}

function placeOf(address: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname, port: Number(port) };
}

if (import.meta.main) {
  const [listen = '', target = ''] = process.argv.slice(2);
  const server = createServer({ allowHalfOpen: true }, (client) => forward(client, target));
  server.listen(placeOf(listen), () => process.stdout.write('ready\n'));
}

/** A TCP relay that can go deaf: connections stay open, and nothing passes any more, as when a NAT has forgotten them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export class HalfOpenRelay {
  readonly port: number;
  /** Set: a connection goes deaf once so many chunks have come back over it. A handshake is one, a welcome the next. */
  deafAfterChunks: number | null = null;
  connections = 0;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(t: TestContext, target: { readonly port: number }): Promise<HalfOpenRelay> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((near) => relay.#join(near, target.port, sockets));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A server that listens on TCP has an address of this form.
    const relay = new HalfOpenRelay((server.address() as AddressInfo).port);
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return relay;
  }

  #join(near: Socket, port: number, sockets: Set<Socket>): void {
    this.connections++;
    const far = connect(port, '127.0.0.1');
    let chunks = 0;
    const isDeaf = () => this.deafAfterChunks !== null && chunks >= this.deafAfterChunks;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('data', (data) => {
        if (isDeaf()) return;
        to.write(data);
        if (from === far) chunks++;
      });
      from.on('close', () => {
        sockets.delete(from);
        if (!isDeaf()) to.destroy();
      });
    }
  }
}

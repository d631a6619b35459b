/** A real HTTP proxy on loopback that does CONNECT and nothing else. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';

export interface TestProxy {
  readonly port: number;
  /** Of each CONNECT: where to, and its headers. */
  readonly asked: { readonly authority: string; readonly headers: IncomingMessage['headers'] }[];
}

/** @param answer the status; 200 connects to 127.0.0.1 on the port that was asked for, 0 never answers. */
export async function startProxy(
  t: TestContext,
  answer: (request: IncomingMessage) => number = () => 200,
  tls: TlsOptions | null = null,
): Promise<TestProxy> {
  const server = tls === null ? createServer() : createTlsServer(tls);
  const asked: TestProxy['asked'] = [];
  const open: Duplex[] = [];
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const authority = request.url ?? '';
    asked.push({ authority, headers: request.headers });
    open.push(socket);
    socket.on('error', () => {});
    const status = answer(request);
    if (status === 0) return;
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} Said No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(Number(authority.replace(/^.*:/, '')), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    open.push(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  // A server that listens on TCP has an address of this form.
  return { port: (server.address() as AddressInfo).port, asked };
}

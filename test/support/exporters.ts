/** Real exporters on loopback, and one whose text the test decides. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { atEnd } from './at-end.ts';
import { Child } from './child.ts';
import { eventually } from './eventually.ts';
import { type Peer, pathOf } from './peers.ts';
import { stablePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';

export interface Exporter extends AsyncDisposable {
  /** `host:port` */
  readonly address: string;
}

/** A real program that takes `--web.listen-address`, with its defaults. */
export async function startExporter(
  t: TestContext,
  peer: Peer,
  args: readonly string[] = [],
): Promise<Exporter> {
  const address = `127.0.0.1:${await stablePort()}`;
  const child = await Child.spawn(t, {
    name: peer,
    command: pathOf(peer),
    args: [`--web.listen-address=${address}`, ...args],
    cwd: await tempDir(t),
  });
  await eventually(`${peer} answers`, async () => {
    if (child.exit !== null) throw new Error(child.describe());
    return (await fetch(`http://${address}/metrics`)).ok;
  });
  return { address, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

export interface Exposition {
  readonly contentType: string;
  readonly text: () => string;
}

/** @param paths what is exposed at each. */
export async function expose(
  t: TestContext,
  paths: Readonly<Record<string, Exposition>>,
): Promise<{ readonly address: string }> {
  const server = createServer((request, response) => {
    const exposition = paths[request.url ?? ''];
    if (exposition === undefined) return void response.writeHead(404).end();
    response.setHeader('content-type', exposition.contentType);
    response.end(exposition.text());
  });
  const port = await stablePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  atEnd(t, async () => {
    server.close();
    server.closeAllConnections();
  });
  return { address: `127.0.0.1:${port}` };
}

/** Puts a group into a Pushgateway. @param group as in `job/batch/instance/a`. */
export async function push(gateway: Exporter, group: string, text: string): Promise<void> {
  const url = `http://${gateway.address}/metrics/${group}`;
  const response = await fetch(url, { method: 'PUT', body: text });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

/**
 * A runtime of containers for this folder's tests: a real HTTP server on a real Unix socket, with answers that have the
 * fields of Docker's and Podman's documentation. What only a real daemon shows is not checked by it: that the two keep to
 * their documentation, and socket activation. Not loaded by the reporter.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OptionValues } from '@tributary/shared/options';
import { type Collector, PartialDataError, type Roots } from '../collector.ts';
import { defaultsOf } from '../collector-options.ts';
import { ColumnRecorder } from '../columns.ts';
import { render } from '../test-support.ts';
import { CONTAINERS_OPTIONS, createContainersCollector } from './containers.ts';

export interface TestContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly pid: number;
  readonly networkMode?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface TestRuntime {
  readonly socket: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  containers: readonly TestContainer[];
  /** In place of the answer. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
}

export const ID_WEB = 'a1b2c3d4e5f60718'.repeat(4);
export const ID_DB = '0f1e2d3c4b5a6978'.repeat(4);
export const ID_HOST = '99887766554433ff'.repeat(4);

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'containers-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function serveRuntime(
  t: TestContext,
  containers: readonly TestContainer[],
  socket = join(temporaryFolder(t), 'runtime.sock'),
): Promise<TestRuntime> {
  const runtime: TestRuntime = { socket, asked: [], containers, answer: null };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    runtime.asked.push(path);
    if (runtime.answer !== null) runtime.answer(request, response);
    else answer(runtime.containers, path, response);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return runtime;
}

function answer(containers: readonly TestContainer[], path: string, response: ServerResponse): void {
  response.setHeader('Content-Type', 'application/json');
  if (path === '/containers/json') {
    response.end(JSON.stringify(containers.map(listed)));
    return;
  }
  const found = containers.find(({ id }) => path === `/containers/${id}/json`);
  if (found === undefined) response.statusCode = 404;
  response.end(JSON.stringify(found === undefined ? { message: 'no such container' } : inspected(found)));
}

function listed({ id, name, image, labels = {}, networkMode = 'bridge' }: TestContainer): unknown {
  return {
    Id: id,
    Names: [`/${name}`],
    Image: image,
    ImageID: `sha256:${'ab'.repeat(32)}`,
    Command: 'nginx -g daemon off;',
    Created: 1_771_999_000,
    Ports: [{ PrivatePort: 80, Type: 'tcp' }],
    Labels: labels,
    State: 'running',
    Status: 'Up 16 minutes',
    HostConfig: { NetworkMode: networkMode },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}

function inspected({ id, name, image, pid, labels = {}, networkMode = 'bridge' }: TestContainer): unknown {
  return {
    Id: id,
    Created: '2026-02-25T05:56:40.123456789Z',
    Path: 'nginx',
    Args: ['-g', 'daemon off;'],
    State: {
      Status: 'running',
      Running: true,
      Paused: false,
      Pid: pid,
      ExitCode: 0,
      StartedAt: '2026-02-25T06:56:41.987654321+01:00',
      FinishedAt: '0001-01-01T00:00:00Z',
    },
    Image: `sha256:${'ab'.repeat(32)}`,
    Name: `/${name}`,
    RestartCount: 0,
    HostConfig: { NetworkMode: networkMode },
    Config: { Hostname: id.slice(0, 12), Image: image, Labels: labels },
    NetworkSettings: {},
  };
}

/** Containers of the fixtures: of Docker, of Podman, and one of Docker with the host's network. */
export const WEB: TestContainer = {
  id: ID_WEB,
  name: 'shop-web-1',
  image: 'nginx:1.27',
  pid: 4242,
  labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web', maintainer: 'nobody' },
};
export const DB: TestContainer = { id: ID_DB, name: 'db', image: 'docker.io/library/postgres:17', pid: 4343 };
export const HOST: TestContainer = {
  id: ID_HOST,
  name: 'agent',
  image: 'agent',
  pid: 4444,
  networkMode: 'host',
};

export interface Host {
  readonly collector: Collector;
  readonly roots: Roots;
  readonly runtime: TestRuntime;
  /** The collector's clock. */
  ms: number;
}

export async function createHost(
  t: TestContext,
  roots: Roots,
  containers: readonly TestContainer[],
  options: Partial<OptionValues<typeof CONTAINERS_OPTIONS>> = {},
  parts: { readonly seriesMax?: number } = {},
): Promise<Host> {
  const runtime = await serveRuntime(t, containers);
  const host = { ms: 0 };
  const collector = createContainersCollector(
    {
      roots,
      usualSockets: [runtime.socket],
      now: () => 1_772_000_000_999,
      monotonic: () => host.ms,
      ...parts,
    },
    { ...defaultsOf(CONTAINERS_OPTIONS), ...options },
  );
  return Object.assign(host, { collector, roots, runtime });
}

/** One tick that fails in part: what it wrote, and what it said. */
export async function renderFailing(collector: Collector): Promise<{ text: string; message: string }> {
  const recorder = new ColumnRecorder({});
  let message = '';
  try {
    await collector.collect(recorder, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof PartialDataError)) throw error;
    ({ message } = error);
  }
  return { text: render(recorder.take()), message };
}

/** Ticks until `isDone`, since a tick does not wait for the runtime; the test's own time limit ends it otherwise. */
export async function tickUntil(
  collector: Collector,
  isDone: (tick: { readonly text: string; readonly message: string }) => boolean,
): Promise<{ readonly text: string; readonly message: string }> {
  for (;;) {
    const tick = await renderFailing(collector);
    if (isDone(tick)) return tick;
    await nextTurn();
  }
}

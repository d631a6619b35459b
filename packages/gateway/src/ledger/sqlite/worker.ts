/** The ledger's worker thread: answers requests in the order they come, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@tributary/shared/clock';
import { isDamage } from './damage.ts';
import type { ReadPortion, Request, Response, Results } from './messages.ts';
import { type PackPolicy, tightened } from './pack-policy.ts';
import { Store } from './store.ts';
import { withPayloads } from './wire-entry.ts';

export interface WorkerData {
  readonly folder: string;
  readonly packing: PackPolicy;
}

const { folder, packing } = workerData as WorkerData;
const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');

function say(response: Response, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(response, transfer);
}

function answer(store: Store, request: Request): Results[keyof Results] {
  switch (request.kind) {
    case 'commit':
      return store.commit(
        withPayloads(request.appends, request.payloads),
        request.shapes,
        packing,
        systemClock.now(),
      );
    case 'stream':
      return store.stream(request.host, request.epoch);
    case 'hosts':
      return store.hosts();
    case 'read':
      return store.read(request.reads);
    case 'newest':
      return store.newest(request.hosts, request.entriesMax);
    case 'seek':
      return store.seek(request.requests, request.at);
    case 'cursors':
      return store.cursors();
    case 'saveCursor':
      store.saveCursor(request.cursor);
      return null;
    case 'removeCursor':
      store.removeCursor(request);
      return null;
    case 'trimAge':
      return store.trimAge(request.bounds);
    case 'pack':
      return store.pack(request.from, tightened(packing, request.tightness), systemClock.now());
    case 'trimSize':
      return store.trimSize(request.bounds);
    case 'forget':
      store.forget(request.host);
      return null;
    case 'close':
      return null;
  }
}

/** Values are handed over, not copied: nobody looks at them here any more. */
function buffersOf({ lists }: ReadPortion): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { groups } of lists.flat()) {
    for (const { values, absent } of groups) {
      buffers.add(values.buffer);
      if (absent !== null) buffers.add(absent.buffer);
    }
  }
  return [...buffers];
}

/** A damaged file is not asked again: it is set aside, so that the next start begins a new one. */
function giveUp(store: Store, { message }: Error): void {
  let where: string;
  try {
    where = `is set aside as ${store.moveAside(systemClock.now())}`;
  } catch (error) {
    where = `could not be set aside (${(error as Error).message}); move it away`;
  }
  say({ kind: 'damaged', message: `the ledger in ${folder} is damaged (${message}) and ${where}` });
  port?.close();
}

function serve(store: Store): void {
  port?.on('message', (request: Request) => {
    try {
      const result = answer(store, request);
      const { stats } = store;
      if (request.kind === 'close') store.close();
      const isRead = request.kind === 'read' || request.kind === 'newest';
      const transfer = isRead ? buffersOf(result as ReadPortion) : [];
      say({ kind: 'done', result, stats }, transfer);
    } catch (error) {
      if (isDamage(error)) return giveUp(store, error as Error);
      const { message, code } = error as { message: string; code?: string };
      say({ kind: 'failed', message, code: code ?? '' });
    }
    if (request.kind === 'close') port?.close();
  });
}

try {
  const store = new Store(folder, systemClock.now());
  const { generation, bornAt, stats, setAside } = store;
  say({ kind: 'opened', generation, bornAt, hosts: store.hosts(), stats, setAside });
  serve(store);
} catch (error) {
  say({ kind: 'open-failed', message: (error as Error).message });
}

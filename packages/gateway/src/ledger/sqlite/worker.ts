/** The ledger's worker thread: answers requests in the order they come, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@tributary/shared/clock';
import { DamageError, isDamage } from './files.ts';
import type { Request, Response, Results } from './messages.ts';
import { Store } from './store.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');

function say(response: Response): void {
  port?.postMessage(response);
}

function answer(store: Store, request: Request): Results[keyof Results] {
  switch (request.kind) {
    case 'commit':
      return store.commit(request.appends, request.shapes);
    case 'stream':
      return store.stream(request.host, request.epoch);
    case 'hosts':
      return store.log.hosts();
    case 'read':
      return store.log.read(request.host, request.after, request.limit);
    case 'readMany':
      return store.log.readMany(request.requests, request.samplesMax);
    case 'seek':
      return store.log.seek(request.requests, request.at);
    case 'cursors':
      return store.cursors();
    case 'saveCursor':
      store.saveCursor(request.cursor);
      return null;
    case 'removeCursor':
      store.removeCursor(request);
      return null;
    case 'trim':
      return store.trim(request.bounds, request.entriesMax);
    case 'forget':
      store.forget(request.host);
      return null;
    case 'condemn':
      throw new DamageError(request.message);
    case 'close':
      return null;
  }
}

/** A damaged file is not asked again: it is set aside, so that the next start begins a new one. */
function giveUp(store: Store, { message }: Error): void {
  let where: string;
  try {
    where = `is set aside as ${store.moveAside(systemClock.now())}`;
  } catch (error) {
    where = `could not be set aside (${(error as Error).message}); move it away`;
  }
  const { folder } = workerData as { folder: string };
  say({ kind: 'damaged', message: `the ledger in ${folder} is damaged (${message}) and ${where}` });
  port?.close();
}

function serve(store: Store): void {
  port?.on('message', (request: Request) => {
    try {
      const result = answer(store, request);
      const { stats } = store;
      if (request.kind === 'close') store.close();
      say({ kind: 'done', result, stats });
    } catch (error) {
      if (isDamage(error)) return giveUp(store, error as Error);
      const { message, code } = error as { message: string; code?: string };
      say({ kind: 'failed', message, code: code ?? '' });
    }
    if (request.kind === 'close') port?.close();
  });
}

try {
  const store = new Store((workerData as { folder: string }).folder, systemClock.now());
  const { generation, bornAt, stats, setAside } = store;
  say({ kind: 'opened', generation, bornAt, hosts: store.log.hosts(), stats, setAside });
  serve(store);
} catch (error) {
  say({ kind: 'open-failed', message: (error as Error).message });
}

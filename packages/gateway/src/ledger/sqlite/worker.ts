/** The ledger's worker thread: answers requests in the order they come, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
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
      return store.hosts();
    case 'read':
      return store.read(request.host, request.after, request.limit);
    case 'trim':
      return store.trim(request.bounds, request.entriesMax);
    case 'forget':
      store.forget(request.host);
      return null;
    case 'close':
      return null;
  }
}

function serve(store: Store): void {
  port?.on('message', (request: Request) => {
    try {
      const result = answer(store, request);
      const { stats } = store;
      if (request.kind === 'close') store.close();
      say({ kind: 'done', result, stats });
    } catch (error) {
      const { message, code } = error as { message: string; code?: string };
      say({ kind: 'failed', message, code: code ?? '' });
    }
    if (request.kind === 'close') port?.close();
  });
}

try {
  const store = new Store((workerData as { folder: string }).folder);
  say({ kind: 'opened', generation: store.generation, stats: store.stats });
  serve(store);
} catch (error) {
  say({ kind: 'open-failed', message: (error as Error).message });
}

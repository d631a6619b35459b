/**
 * The embedded ledger: SQLite behind the port, in a worker thread.
 *
 * **Group commit.** One request is with the worker at a time. While it commits, appends gather in the queue; when it
 * answers, all that stand in a row at the queue's head go as one transaction, and one fsync makes them all durable.
 * Under load the groups grow and the cost of the fsync is shared; at rest an append waits for nobody. Everything else
 * goes through the same queue, so that a question asked after an append sees it.
 *
 * **A medium that refuses** (full disk, I/O error) makes the group go back to the head of the queue, to be tried again
 * after a pause. Nothing is acked meanwhile; `health` tells. What does not depend on those appends goes on: reads are
 * answered, and trims may be the very thing that makes room. What fails for another reason is one append's own fault:
 * the group is then committed one by one, so that it costs nobody else anything.
 */
import { Worker } from 'node:worker_threads';
import {
  type Entry,
  type HostState,
  type Ledger,
  LedgerClosedError,
  LedgerGapError,
  type LedgerHealth,
  LedgerOpenError,
  type LedgerStats,
  type ShapeKey,
  type StoredEntry,
  type StreamState,
  type TrimBounds,
} from '../ledger.ts';
import type {
  CommitResult,
  ReadResult,
  Request,
  Response,
  Results,
  WireAppend,
  WireEntry,
  WireShape,
} from './messages.ts';
import { fromWire, toWire } from './wire-entry.ts';

/** A group is closed at this size: more would only lengthen the wait of its first append. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024;
/** Entries that one trim request removes, so that commits get their turn between two of them. */
const TRIM_ENTRIES_MAX = 2048;
const RETRY_PAUSE_MS = 1000;
/** What an append and each of its entries weigh beside their values; tiny entries must not slip below every bound. */
const OVERHEAD_BYTES = 512;
/** Shapes that are remembered as interned; one that was forgotten is sent to the worker again, which knows it still. */
const INTERNED_MAX = 100_000;
/** Errors that time, room or an operator may heal. Any other lies in what was to be written. */
const MEDIUM_ERRORS =
  /^SQLITE_(BUSY|LOCKED|NOMEM|READONLY|INTERRUPT|IOERR|CORRUPT|FULL|CANTOPEN|PROTOCOL|NOTADB|PERM)/;

interface AppendTask {
  readonly kind: 'append';
  readonly append: WireAppend;
  readonly shapes: readonly ShapeKey[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Requests that promise nothing about appends that are not durable yet. */
const INDEPENDENT: ReadonlySet<Request['kind']> = new Set(['read', 'hosts', 'trim']);

interface RequestTask {
  readonly kind: 'request';
  readonly request: Request;
  readonly resolve: (result: Results[keyof Results]) => void;
  readonly reject: (error: Error) => void;
}

export interface SqliteLedgerOptions {
  /** The folder that holds `ledger.sqlite`; made when it is missing. */
  readonly folder: string;
  /** Told after each group commit, with its duration. */
  readonly onCommit?: (seconds: number) => void;
  /** Told when the worker has died without being asked to: nothing will be answered any more. */
  readonly onDeath?: (error: Error) => void;
}

export class SqliteLedger implements Ledger {
  readonly #worker: Worker;
  readonly #onCommit: (seconds: number) => void;
  readonly #onDeath: (error: Error) => void;
  #queue: (AppendTask | RequestTask)[] = [];
  #busy = false;
  #closing: Promise<void> | null = null;
  #dead: Error | null = null;
  #answered: ((response: Response) => void) | null = null;
  #failure: string | null = null;
  #pendingBytes = 0;
  #retryTimer: NodeJS.Timeout | null = null;
  #wakeRetry: (() => void) | null = null;
  #wakeScan: (() => void) | null = null;
  /** Shapes that the store has interned for good. */
  readonly #interned = new Set<string>();
  #stats: LedgerStats;
  readonly generation: string;

  /** @throws LedgerOpenError */
  static async open(options: SqliteLedgerOptions): Promise<SqliteLedger> {
    // Beside this file, with the ending that it has itself: the sources in tests, dist otherwise.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: { folder: options.folder } });
    const first = await new Promise<Response>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new LedgerOpenError(`the ledger's thread ended with code ${code}`)),
      );
    });
    if (first.kind === 'opened') return new SqliteLedger(worker, options, first.generation, first.stats);
    await worker.terminate();
    throw new LedgerOpenError(first.kind === 'open-failed' ? first.message : 'the ledger did not open');
  }

  private constructor(worker: Worker, options: SqliteLedgerOptions, generation: string, stats: LedgerStats) {
    this.#worker = worker;
    this.#onCommit = options.onCommit ?? (() => {});
    this.#onDeath = options.onDeath ?? (() => {});
    this.generation = generation;
    this.#stats = stats;
    worker.on('message', (response: Response) => this.#answered?.(response));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(new LedgerClosedError('the ledger is closed')));
  }

  get health(): LedgerHealth {
    return { failure: this.#failure, pendingBytes: this.#pendingBytes };
  }

  get stats(): LedgerStats {
    return this.#stats;
  }

  append(host: string, epoch: string, entries: readonly Entry[]): Promise<void> {
    const shapes: ShapeKey[] = [];
    let bytes = OVERHEAD_BYTES;
    const wire = entries.map((entry): WireEntry => {
      const encoded = toWire(entry);
      bytes += OVERHEAD_BYTES + (encoded.payload?.length ?? 0);
      if (entry.kind === 'batch') for (const group of entry.groups) shapes.push(group.shape);
      return encoded;
    });
    return new Promise((resolve, reject) => {
      this.#pendingBytes += bytes;
      this.#enqueue({
        kind: 'append',
        append: { host, epoch, entries: wire },
        shapes,
        bytes,
        resolve,
        reject,
      });
    });
  }

  stream(host: string, epoch: string): Promise<StreamState> {
    return this.#request({ kind: 'stream', host, epoch });
  }

  hosts(): Promise<readonly HostState[]> {
    return this.#request({ kind: 'hosts' });
  }

  async read(host: string, after: number, limit: number): Promise<readonly StoredEntry[]> {
    const { entries, shapes } = await this.#request<ReadResult>({ kind: 'read', host, after, limit });
    const byHash = new Map(shapes.map((shape) => [shape.hash, shape]));
    return entries.map((entry) => fromWire(entry, byHash));
  }

  async trim(bounds: TrimBounds): Promise<number> {
    let total = 0;
    for (;;) {
      const removed = await this.#request<number>({ kind: 'trim', bounds, entriesMax: TRIM_ENTRIES_MAX });
      total += removed;
      if (removed < TRIM_ENTRIES_MAX) return total;
    }
  }

  async forget(host: string): Promise<void> {
    await this.#request({ kind: 'forget', host });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    if (this.#dead !== null) return;
    const closed = new Promise<void>((resolve, reject) => {
      this.#queue.push({ kind: 'request', request: { kind: 'close' }, resolve: () => resolve(), reject });
    });
    this.#wakeRetry?.();
    void this.#pump();
    // A worker that died meanwhile has nothing left to close.
    await closed.catch(() => {});
    this.#die(new LedgerClosedError('the ledger is closed'));
    await this.#worker.terminate();
  }

  #request<T extends Results[keyof Results]>(request: Request): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: 'request', request, resolve: (result) => resolve(result as T), reject });
    });
  }

  #enqueue(task: AppendTask | RequestTask): void {
    const refused =
      this.#dead ?? (this.#closing === null ? null : new LedgerClosedError('the ledger is closing'));
    if (refused !== null) {
      if (task.kind === 'append') this.#pendingBytes -= task.bytes;
      task.reject(refused);
      return;
    }
    this.#queue.push(task);
    this.#wakeScan?.();
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let head = this.#queue[0]; head !== undefined && this.#dead === null; head = this.#queue[0]) {
      if (head.kind === 'append') await this.#commitGroup();
      else {
        this.#queue.shift();
        await this.#carryOut(head);
      }
    }
    this.#busy = false;
  }

  async #carryOut(task: RequestTask): Promise<void> {
    const response = await this.#ask(task.request);
    if (response.kind === 'done') task.resolve(response.result);
    else task.reject(new Error(response.kind === 'failed' ? response.message : response.kind));
  }

  async #commitGroup(): Promise<void> {
    const group = this.#takeGroup();
    const response = await this.#commit(group);
    if (response.kind === 'done') return;
    if (this.#dead !== null) return this.#reject(group, this.#dead);
    const { message, code } = response.kind === 'failed' ? response : { message: response.kind, code: '' };
    if (!MEDIUM_ERRORS.test(code)) return this.#commitOneByOne(group, message);
    // Not `unshift(...group)`: a long group would pass the number of arguments that a call may have.
    this.#queue = [...group, ...this.#queue];
    this.#failure = `${message} (${code})`;
    if (this.#closing === null) await this.#outlastRefusal();
    // Closing does not wait for a medium to recover.
    else
      this.#failAppends(
        new LedgerClosedError(`the ledger closed while it could not commit: ${this.#failure}`),
      );
  }

  /** Commits a group, and settles it when that is done. */
  async #commit(group: readonly AppendTask[]): Promise<Response> {
    const shapes = new Map<string, WireShape>();
    for (const task of group) {
      for (const { hash, body } of task.shapes)
        if (!this.#interned.has(hash)) shapes.set(hash, { hash, body });
    }
    const startedMs = performance.now();
    // Payloads are cloned, not transferred: the group must be whole for another try.
    const response = await this.#ask({
      kind: 'commit',
      appends: group.map((task) => task.append),
      shapes: [...shapes.values()],
    });
    if (response.kind !== 'done') return response;
    this.#onCommit((performance.now() - startedMs) / 1000);
    this.#failure = null;
    if (this.#interned.size > INTERNED_MAX) this.#interned.clear();
    for (const hash of shapes.keys()) this.#interned.add(hash);
    this.#settle(group, (response.result as CommitResult).refusals);
    return response;
  }

  /** Finds the append that cannot be written, and rejects it alone. */
  async #commitOneByOne(group: readonly AppendTask[], message: string): Promise<void> {
    if (group.length === 1) return this.#reject(group, new Error(`cannot be stored: ${message}`));
    for (const [i, task] of group.entries()) {
      const response = await this.#commit([task]);
      if (response.kind === 'done') continue;
      if (this.#dead !== null) return this.#reject(group.slice(i), this.#dead);
      const failed = response.kind === 'failed' ? response : { message: response.kind, code: '' };
      if (MEDIUM_ERRORS.test(failed.code)) {
        this.#queue = [...group.slice(i), ...this.#queue];
        return;
      }
      this.#reject([task], new Error(`cannot be stored: ${failed.message}`));
    }
  }

  /** Waits before the next try, and lets through what need not wait for it. */
  async #outlastRefusal(): Promise<void> {
    let over = false;
    const paused = this.#pause().then(() => {
      over = true;
    });
    while (!over) {
      const place = this.#queue.findIndex(
        (task) => task.kind === 'request' && INDEPENDENT.has(task.request.kind),
      );
      const [task] = place < 0 ? [] : this.#queue.splice(place, 1);
      if (task?.kind === 'request') await this.#carryOut(task);
      else await Promise.race([paused, new Promise<void>((resolve) => (this.#wakeScan = resolve))]);
    }
    this.#wakeScan = null;
  }

  #takeGroup(): AppendTask[] {
    const group: AppendTask[] = [];
    let bytes = 0;
    for (const task of this.#queue) {
      if (task.kind !== 'append' || (bytes > 0 && bytes + task.bytes > GROUP_BYTES_MAX)) break;
      group.push(task);
      bytes += task.bytes;
    }
    this.#queue.splice(0, group.length);
    return group;
  }

  #settle(group: readonly AppendTask[], refusals: readonly (string | null)[]): void {
    for (const [i, task] of group.entries()) {
      this.#pendingBytes -= task.bytes;
      const refusal = refusals[i];
      if (refusal === null || refusal === undefined) task.resolve();
      else task.reject(new LedgerGapError(refusal));
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeRetry = () => {
        if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
        this.#retryTimer = null;
        this.#wakeRetry = null;
        resolve();
      };
      this.#retryTimer = setTimeout(this.#wakeRetry, RETRY_PAUSE_MS);
    });
  }

  #ask(request: Request): Promise<Response> {
    return new Promise((resolve) => {
      if (this.#dead !== null) return resolve({ kind: 'failed', message: this.#dead.message, code: '' });
      this.#answered = (response) => {
        this.#answered = null;
        if (response.kind === 'done') this.#stats = response.stats;
        resolve(response);
      };
      this.#worker.postMessage(request);
    });
  }

  #failAppends(error: Error): void {
    const appends = this.#queue.filter((task) => task.kind === 'append');
    this.#queue = this.#queue.filter((task) => task.kind !== 'append');
    this.#reject(appends, error);
  }

  #reject(appends: readonly AppendTask[], error: Error): void {
    for (const task of appends) {
      this.#pendingBytes -= task.bytes;
      task.reject(error);
    }
  }

  /** After the worker is gone, by wish or by accident, nothing will ever be answered. */
  #die(error: Error): void {
    if (this.#dead !== null) return;
    this.#dead = error;
    this.#failure ??= error.message;
    this.#answered?.({ kind: 'failed', message: error.message, code: '' });
    this.#failAppends(error);
    for (const task of this.#queue.splice(0)) task.reject(error);
    this.#wakeRetry?.();
    if (this.#closing === null) this.#onDeath(error);
  }
}

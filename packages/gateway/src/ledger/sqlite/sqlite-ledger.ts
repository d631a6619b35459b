/**
 * The embedded ledger: SQLite behind the port, in a worker thread.
 *
 * **Group commit.** One request is with the worker at a time. While it commits, appends gather in the queue; when it
 * answers, all that stand in a row at the queue's head go as one transaction, and one fsync makes them all durable.
 * Under load groups grow and share the fsync (`commit-pace.ts`); at rest an append waits for nobody. Everything else goes
 * through the same queue, so that a question asked after an append sees it.
 *
 * **A medium that refuses** (full disk, I/O error) makes the group go back to the head of the queue, to be tried again
 * after a pause. Nothing is acked meanwhile; `health` tells. What does not depend on those appends goes on: reads are
 * answered, and trims may be the very thing that makes room. What fails for another reason is one append's own fault:
 * the group is then committed one by one, so that it costs nobody else anything.
 *
 * **A damaged file** cannot be healed by waiting. The worker sets it aside, and the ledger is dead (`onDeath`): the next one
 * that is opened begins a new file and a new generation, which the reporters refill.
 */
import {
  type CursorKey,
  type Entry,
  type HostState,
  type Ledger,
  LedgerClosedError,
  LedgerDamagedError,
  LedgerGapError,
  type LedgerHealth,
  type LedgerStats,
  type Position,
  type ReadRequest,
  type SeekRequest,
  type StoredCursor,
  type StoredEntry,
  type StreamState,
  type Tail,
  type TrimBounds,
  type TrimCounts,
} from '../ledger.ts';
import { CommitCondition, type ConditionListeners } from './commit-condition.ts';
import { CommitPace } from './commit-pace.ts';
import { makeRoom } from './make-room.ts';
import type { CommitResult, Request, Results, TrimPortion, WireRead, WireShape } from './messages.ts';
import { PACK_POLICY, type PackPolicy } from './pack-policy.ts';
import { inPortions, newestAll, readAll } from './portions.ts';
import { Tails } from './tails.ts';
import {
  type AppendTask,
  INDEPENDENT,
  type RequestTask,
  type Task,
  takeGroup,
  takeUrgent,
  toAppend,
} from './tasks.ts';
import { joinPayloads } from './wire-entry.ts';
import { type Answer, type Opened, WorkerHandle } from './worker-handle.ts';

const RETRY_PAUSE_MS = 1000;
/** Shapes that are remembered as interned; one that was forgotten is sent to the worker again, which knows it still. */
const INTERNED_MAX = 100_000;
/** Errors that time, room or an operator may heal. Any other lies in what was to be written. */
const MEDIUM_ERRORS = /^SQLITE_(BUSY|LOCKED|NOMEM|READONLY|INTERRUPT|IOERR|FULL|CANTOPEN|PROTOCOL|PERM)/;

export interface SqliteLedgerOptions extends ConditionListeners {
  /** The folder that holds `ledger.sqlite`; made when it is missing. */
  readonly folder: string;
  /** What is to differ from `PACK_POLICY`. */
  readonly packing?: Partial<PackPolicy>;
  /** Told after each group commit, with its duration. */
  readonly onCommit?: (seconds: number) => void;
  /** Told when the worker has died without being asked to, or the file is damaged: nothing will be answered any more. */
  readonly onDeath?: (error: Error) => void;
}

export class SqliteLedger implements Ledger {
  readonly #worker: WorkerHandle;
  readonly #options: SqliteLedgerOptions;
  #queue: Task[] = [];
  #busy = false;
  #closing: Promise<void> | null = null;
  readonly #condition: CommitCondition;
  readonly #pace = new CommitPace(performance.now.bind(performance), () => void this.#pump());
  #pendingBytes = 0;
  #retryTimer: NodeJS.Timeout | null = null;
  #wakeRetry: (() => void) | null = null;
  #wakeScan: (() => void) | null = null;
  /** Shapes that the store has interned and did not remove. */
  readonly #interned = new Set<string>();
  #stats: LedgerStats;
  readonly #tails: Tails;
  readonly generation: string;
  readonly bornAt: number;
  /** Where a damaged file was moved when this one was opened, or null. */
  readonly setAside: string | null;

  /** @throws LedgerOpenError */
  static async open(options: SqliteLedgerOptions): Promise<SqliteLedger> {
    const { worker, opened } = await WorkerHandle.start({
      folder: options.folder,
      packing: { ...PACK_POLICY, ...options.packing },
    });
    return new SqliteLedger(worker, options, opened);
  }

  private constructor(worker: WorkerHandle, options: SqliteLedgerOptions, opened: Opened) {
    this.#worker = worker;
    this.#options = options;
    this.#condition = new CommitCondition(options);
    this.generation = opened.generation;
    this.bornAt = opened.bornAt;
    this.#tails = new Tails(opened.hosts, () => performance.now());
    this.setAside = opened.setAside;
    this.#stats = opened.stats;
    worker.onDeath = (error) => this.#buryAll(error);
  }

  get health(): LedgerHealth {
    const { failure } = this.#condition;
    return { failure, pendingBytes: this.#pendingBytes };
  }

  get stats(): LedgerStats {
    return this.#stats;
  }

  append(host: string, epoch: string, entries: readonly Entry[]): Promise<void> {
    const appended = toAppend(host, epoch, entries);
    return new Promise((resolve, reject) => {
      this.#pendingBytes += appended.bytes;
      this.#enqueue({ kind: 'append', ...appended, resolve, reject });
    });
  }

  stream(host: string, epoch: string): Promise<StreamState> {
    return this.#request({ kind: 'stream', host, epoch });
  }

  hosts(): Promise<readonly HostState[]> {
    return this.#request({ kind: 'hosts' });
  }

  async read(host: string, after: number, limit: number): Promise<readonly StoredEntry[]> {
    const read = { host, after, entriesMax: limit, weightMax: Number.POSITIVE_INFINITY, atLeastOne: true };
    const [entries] = await this.#read([read]);
    return entries ?? [];
  }

  readMany(requests: readonly ReadRequest[]): Promise<readonly (readonly StoredEntry[])[]> {
    const entriesMax = Number.POSITIVE_INFINITY;
    return this.#read(requests.map((request) => ({ ...request, entriesMax, atLeastOne: true })));
  }

  newest(hosts: readonly string[], entriesMax: number): Promise<readonly (readonly StoredEntry[])[]> {
    return newestAll(hosts, (portion) => this.#request({ kind: 'newest', hosts: portion, entriesMax }));
  }

  tail(host: string): Tail | null {
    return this.#tails.of(host);
  }

  seek(requests: readonly SeekRequest[], at: number): Promise<readonly Position[]> {
    return inPortions(requests, (portion) => this.#request({ kind: 'seek', requests: portion, at }));
  }

  cursors(): Promise<readonly StoredCursor[]> {
    return this.#request({ kind: 'cursors' });
  }

  async saveCursor(cursor: StoredCursor): Promise<void> {
    await this.#request({ kind: 'saveCursor', cursor });
  }

  async removeCursor({ name, selection }: CursorKey): Promise<void> {
    await this.#request({ kind: 'removeCursor', name, selection });
  }

  async trim(bounds: TrimBounds): Promise<TrimCounts> {
    const counts = await makeRoom({
      bytesMax: bounds.bytesMax,
      trimAge: () => this.#request({ kind: 'trimAge', bounds }),
      pack: (from, tightness) => this.#request({ kind: 'pack', from, tightness }),
      trimSize: () => this.#request({ kind: 'trimSize', bounds }),
    });
    const { failure } = counts;
    if (failure instanceof LedgerDamagedError || failure instanceof LedgerClosedError) throw failure;
    return counts;
  }

  async forget(host: string): Promise<void> {
    await this.#request({ kind: 'forget', host });
    this.#tails.forget(host);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    if (this.#worker.dead !== null) return;
    const closed = new Promise<void>((resolve, reject) => {
      this.#queue.push({ kind: 'request', request: { kind: 'close' }, resolve: () => resolve(), reject });
    });
    this.#wakeRetry?.();
    void this.#pump();
    // A worker that died meanwhile has nothing left to close.
    await closed.catch(() => {});
    this.#worker.die(new LedgerClosedError('the ledger is closed'));
    await this.#worker.terminate();
  }

  #read(reads: readonly WireRead[]): Promise<StoredEntry[][]> {
    return readAll(reads, (portion) => this.#request({ kind: 'read', reads: portion }));
  }

  #request<T extends Results[keyof Results]>(request: Request): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: 'request', request, resolve: (result) => resolve(result as T), reject });
    });
  }

  #enqueue(task: Task): void {
    const refused =
      this.#worker.dead ?? (this.#closing === null ? null : new LedgerClosedError('the ledger is closing'));
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
    for (let head = this.#queue[0]; head !== undefined && this.#worker.dead === null; head = this.#queue[0]) {
      if (head.kind === 'append') {
        // A scrape would wait for all that hosts with a backlog have sent; between two groups it has its turn.
        for (const task of takeUrgent(this.#queue)) {
          if (this.#worker.dead === null) await this.#carryOut(task);
          else task.reject(this.#worker.dead);
        }
        if (this.#closing === null && this.#pace.waits(this.#queue, this.#pendingBytes)) break;
        if (this.#worker.dead === null) await this.#commitGroup();
      } else {
        this.#queue.shift();
        await this.#carryOut(head);
      }
    }
    this.#busy = false;
  }

  async #carryOut(task: RequestTask): Promise<void> {
    const response = await this.#ask(task.request);
    if (task.request.kind === 'trimAge' || task.request.kind === 'trimSize') this.#unintern(response);
    if (response.kind === 'done') task.resolve(response.result);
    else task.reject(this.#worker.dead ?? new Error(response.message));
  }

  /** Before anything else is asked: what the store has removed must be handed to it again. */
  #unintern(response: Answer): void {
    // Of a trim that failed half-way, it is not known what it removed.
    if (response.kind === 'failed') this.#interned.clear();
    else for (const hash of (response.result as TrimPortion).shapes) this.#interned.delete(hash);
  }

  async #commitGroup(): Promise<void> {
    const group = takeGroup(this.#queue);
    this.#pace.begun(group);
    const response = await this.#commit(group);
    if (response.kind === 'done') return;
    if (this.#worker.dead !== null) return this.#reject(group, this.#worker.dead);
    const { message, code } = response;
    if (!MEDIUM_ERRORS.test(code)) return this.#commitOneByOne(group, message);
    // Not `unshift(...group)`: a long group would pass the number of arguments that a call may have.
    this.#queue = [...group, ...this.#queue];
    this.#condition.suffer(`${message} (${code})`);
    if (this.#closing === null) await this.#outlastRefusal();
    // Closing does not wait for a medium to recover.
    else
      this.#failAppends(
        new LedgerClosedError(`the ledger closed while it could not commit: ${this.#condition.failure}`),
      );
  }

  /** Commits a group, and settles it when that is done. */
  async #commit(group: readonly AppendTask[]): Promise<Answer> {
    const shapes = new Map<string, WireShape>();
    for (const list of new Set(group.flatMap((task) => task.lists))) {
      for (const { hash, body } of list.shapes)
        if (!this.#interned.has(hash)) shapes.set(hash, { hash, body });
    }
    const startedMs = performance.now();
    // Payloads are copied, not transferred themselves: the group must be whole for another try.
    const response = await this.#ask({
      kind: 'commit',
      appends: group.map((task) => task.append),
      payloads: joinPayloads(group.flatMap((task) => task.entries)),
      shapes: [...shapes.values()],
    });
    if (response.kind !== 'done') return response;
    this.#options.onCommit?.((performance.now() - startedMs) / 1000);
    this.#condition.recover();
    if (this.#interned.size > INTERNED_MAX) this.#interned.clear();
    for (const hash of shapes.keys()) this.#interned.add(hash);
    this.#settle(group, response.result as CommitResult);
    return response;
  }

  /** Finds the append that cannot be written, and rejects it alone. */
  async #commitOneByOne(group: readonly AppendTask[], message: string): Promise<void> {
    if (group.length === 1) return this.#reject(group, new Error(`cannot be stored: ${message}`));
    for (const [i, task] of group.entries()) {
      const response = await this.#commit([task]);
      if (response.kind === 'done') continue;
      if (this.#worker.dead !== null) return this.#reject(group.slice(i), this.#worker.dead);
      if (MEDIUM_ERRORS.test(response.code)) {
        this.#queue = [...group.slice(i), ...this.#queue];
        return;
      }
      this.#reject([task], new Error(`cannot be stored: ${response.message}`));
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

  #settle(group: readonly AppendTask[], { refusals, placed }: CommitResult): void {
    for (const [i, task] of group.entries()) {
      this.#pendingBytes -= task.bytes;
      const place = placed[i];
      if (place !== undefined && place.count > 0) this.#tails.add(task, place.count, place.end);
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

  async #ask(request: Request): Promise<Answer> {
    const answer = await this.#worker.ask(request);
    if (answer.kind === 'done') this.#stats = answer.stats;
    return answer;
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
  #buryAll(error: Error): void {
    this.#pace.end();
    this.#condition.end(error.message);
    this.#failAppends(error);
    for (const task of this.#queue.splice(0)) task.reject(error);
    this.#wakeRetry?.();
    // Damage must be told even when it shows only while closing: nobody else will know of it.
    if (this.#closing === null || error instanceof LedgerDamagedError) this.#options.onDeath?.(error);
  }
}

/** The worker thread as the ledger sees it: one question at a time, and its death told once. */
import { Worker } from 'node:worker_threads';
import { LedgerClosedError, LedgerDamagedError, LedgerOpenError } from '../ledger.ts';
import type { Request, Response } from './messages.ts';
import type { WorkerData } from './worker.ts';

/** Of what it makes nearly all is in buffers. */
const YOUNG_MIB = 3;

export type Opened = Extract<Response, { kind: 'opened' }>;
export type Answer = Extract<Response, { kind: 'done' | 'failed' }>;

export class WorkerHandle {
  readonly #worker: Worker;
  #answered: ((answer: Answer) => void) | null = null;
  #dead: Error | null = null;
  /** Told of the first reason for which nothing will ever be answered again. */
  onDeath: (error: Error) => void = () => {};

  /** @throws LedgerOpenError */
  static async start(workerData: WorkerData): Promise<{ worker: WorkerHandle; opened: Opened }> {
    // Beside this file, with the ending that it has itself: the sources in tests, dist otherwise.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    const opened = await new Promise<Response>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new LedgerOpenError(`the ledger's thread ended with code ${code}`)),
      );
    });
    if (opened.kind === 'opened') return { worker: new WorkerHandle(worker), opened };
    await worker.terminate();
    throw new LedgerOpenError(opened.kind === 'open-failed' ? opened.message : 'the ledger did not open');
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (response: Response) => {
      if (response.kind === 'damaged') this.die(new LedgerDamagedError(response.message));
      else if (response.kind === 'done' || response.kind === 'failed') this.#answered?.(response);
    });
    worker.on('error', (error) => this.die(error));
    worker.on('exit', () => this.die(new LedgerClosedError('the ledger is closed')));
  }

  /** Why nothing is answered any more, or null. */
  get dead(): Error | null {
    return this.#dead;
  }

  ask(request: Request): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#dead !== null) return resolve({ kind: 'failed', message: this.#dead.message, code: '' });
      this.#answered = (answer) => {
        this.#answered = null;
        resolve(answer);
      };
      this.#worker.postMessage(request, request.kind === 'commit' ? [request.payloads.buffer] : []);
    });
  }

  die(error: Error): void {
    if (this.#dead !== null) return;
    this.#dead = error;
    this.#answered?.({ kind: 'failed', message: error.message, code: '' });
    this.onDeath(error);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

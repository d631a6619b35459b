/**
 * What applications push, as a feed: the listener, the groups, and the file in which they survive a restart.
 *
 * An address that is taken (by a reporter that has not ended yet, or a Pushgateway) is no reason not to sample: it is said
 * once, told by `tributary_reporter_push_listening`, and tried again.
 */
import type { Server } from 'node:http';
import type { HostPort } from '@tributary/shared/loopback';
import type { Collector, ColumnWriter } from '../../collectors/collector.ts';
import type { Feed, Layer, TickMoment } from '../../collectors/feed.ts';
import { Counts } from '../../counts.ts';
import { closeServer, DROP_REASONS, listenOn, type ServerLimits } from '../../web/bounded-server.ts';
import { Hourly } from '../hourly.ts';
import type { ApplicationsLog } from '../log.ts';
import { loadGroups, saveGroups } from './group-file.ts';
import { type GroupLimits, Groups, type PushMoment } from './groups.ts';
import { type PushError, REFUSAL_REASONS } from './push-error.ts';
import { createPushServer, PUSH_METHODS } from './push-server.ts';

export interface PushFeedOptions {
  readonly address: HostPort;
  /** 0 is never; in ms. */
  readonly expireAfterMs: number;
  /** Where groups are kept. */
  readonly folder: string;
  readonly host: string;
  readonly statics: ReadonlyMap<string, string>;
  readonly takenJobs: readonly string[];
  readonly log: ApplicationsLog;
  readonly moment: () => PushMoment;
  /** See `PushServerParts`. */
  readonly monotonic: () => number;
  readonly cpuMs: () => number;
  readonly groupLimits?: GroupLimits;
  readonly serverLimits?: ServerLimits;
  /** How soon after a push the file is written, and how long after the last writing at the earliest; in ms. */
  readonly saveDelaysMs?: { readonly first: number; readonly next: number };
}

const SAVE_DELAYS_MS = { first: 1_000, next: 10_000 };
const LISTEN_AGAIN_MS = 10_000;

export class PushFeed implements Feed {
  readonly #options: PushFeedOptions;
  readonly #groups: Groups;
  readonly #refused = new Counts(REFUSAL_REASONS);
  readonly #accepted = new Counts(PUSH_METHODS);
  readonly #dropped = new Counts(DROP_REASONS);
  /** By reason and job. The sender gets every refusal. */
  readonly #told = new Hourly();
  #expired = 0;
  #failedSaves = 0;
  #server: Server | null = null;
  #port: number | null = null;
  #starting: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | null = null;
  #listenFault = '';
  #isLoaded = false;
  #isStopped = false;
  #isUnsaved = false;
  #saveTimer: NodeJS.Timeout | null = null;
  #saving: Promise<void> = Promise.resolve();
  #savedAt = Number.NEGATIVE_INFINITY;
  #saveFault = '';

  /** Tells of the listener itself. */
  readonly own: Collector = { name: 'push', collect: (out) => this.#writeOwn(out) };

  constructor(options: PushFeedOptions) {
    this.#options = options;
    const { host, statics, takenJobs, groupLimits } = options;
    this.#groups = new Groups({
      host,
      statics,
      takenJobs,
      ...(groupLimits === undefined ? {} : { limits: groupLimits }),
    });
  }

  /** Null while it does not listen. */
  get port(): number | null {
    return this.#port;
  }

  start(): void {
    this.#starting = this.#load().then(() => this.#listen());
  }

  take({ mono }: TickMoment): readonly Layer[] {
    const { expireAfterMs } = this.#options;
    const expired = expireAfterMs === 0 ? 0 : this.#groups.expire(mono - expireAfterMs, mono);
    if (expired > 0) {
      this.#expired += expired;
      this.#changed();
    }
    const columns = this.#groups.columns();
    return columns.length === 0 ? [] : [columns];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#starting;
    const server = this.#server;
    if (server !== null) await closeServer(server);
    this.#port = null;
    if (this.#saveTimer !== null) clearTimeout(this.#saveTimer);
    await this.#saving;
    if (this.#isUnsaved) await this.#save();
  }

  async #load(): Promise<void> {
    const { folder, log, moment } = this.#options;
    try {
      const { groups, faults, setAside } = await loadGroups(folder, this.#groups, moment());
      this.#isLoaded = true;
      if (groups > 0) log.info({ groups }, 'pushed groups are back');
      if (faults.length === 0) return;
      log.error(
        { faults: faults.slice(0, 10), movedTo: setAside },
        'the file of pushed groups was damaged; what is sound of it is kept',
      );
      this.#changed();
    } catch (error) {
      // Not written over: it may be readable again after the next start.
      const { message } = error as Error;
      log.error({ error: message }, 'the file of pushed groups cannot be read; nothing is written to it');
    }
  }

  async #listen(): Promise<void> {
    if (this.#isStopped) return;
    const { address, log, moment, monotonic, cpuMs, serverLimits } = this.#options;
    const server = createPushServer({
      groups: this.#groups,
      refused: this.#refused,
      accepted: this.#accepted,
      dropped: this.#dropped,
      moment,
      monotonic,
      cpuMs,
      onChange: () => this.#changed(),
      onRefused: (error, job) => this.#tellRefusal(error, job),
      onFault: (error) => log.error({ error: error.stack ?? error.message }, 'a push could not be handled'),
      ...(serverLimits === undefined ? {} : { limits: serverLimits }),
    });
    try {
      await listenOn(server, address);
    } catch (error) {
      this.#listenAgain((error as Error).message);
      return;
    }
    server.on('error', (error) => log.error({ error: error.message }, 'the listener for pushes failed'));
    const bound = server.address();
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : null;
    this.#server = server;
    this.#listenFault = '';
    log.info({ address: `${address.host}:${this.#port}` }, 'applications can push');
  }

  #listenAgain(message: string): void {
    if (message !== this.#listenFault)
      this.#options.log.error({ error: message }, 'cannot listen for pushes; it is tried again');
    this.#listenFault = message;
    if (this.#isStopped) return;
    this.#retry = setTimeout(() => {
      this.#starting = this.#listen();
    }, LISTEN_AGAIN_MS);
  }

  #tellRefusal({ reason, message }: PushError, job: string): void {
    const { log, moment } = this.#options;
    if (this.#told.isDue(`${reason} ${job}`, moment().mono))
      log.warn({ reason, job, error: message }, 'a push was refused');
  }

  #changed(): void {
    this.#isUnsaved = true;
    if (this.#saveTimer !== null || this.#isStopped || !this.#isLoaded) return;
    const { first, next } = this.#options.saveDelaysMs ?? SAVE_DELAYS_MS;
    const delayMs = Math.max(first, this.#savedAt + next - this.#options.moment().mono);
    this.#saveTimer = setTimeout(() => {
      this.#saveTimer = null;
      // A disk may take longer than the delay, and two at a time would write the same file.
      this.#saving = this.#saving.then(() => this.#save());
    }, delayMs);
  }

  async #save(): Promise<void> {
    if (!this.#isLoaded) return;
    const { folder, log, moment } = this.#options;
    this.#isUnsaved = false;
    try {
      await saveGroups(folder, this.#groups);
      if (this.#saveFault !== '') log.info({}, 'pushed groups are kept on disk again');
      this.#saveFault = '';
    } catch (error) {
      this.#failedSaves++;
      const { message } = error as Error;
      if (message !== this.#saveFault)
        log.error(
          { error: message },
          'pushed groups cannot be kept on disk; they would not survive a restart',
        );
      this.#saveFault = message;
      this.#savedAt = moment().mono;
      if (!this.#isStopped) this.#changed();
      return;
    }
    this.#savedAt = moment().mono;
    // What came while it was written.
    if (this.#isUnsaved) this.#changed();
  }

  #writeOwn(out: ColumnWriter): void {
    const one = (name: string, type: 'gauge' | 'counter', help: string, value: number) => {
      out.family(`tributary_reporter_push_${name}`, type, help);
      out.add(value);
    };
    one('listening', 'gauge', '1 while applications can push.', this.#port === null ? 0 : 1);
    one('groups', 'gauge', 'Groups that are told.', this.#groups.size);
    one('series', 'gauge', 'Series of all groups.', this.#groups.series);
    one('expired_groups_total', 'counter', 'Groups that nobody pushed for too long.', this.#expired);
    one(
      'failed_saves_total',
      'counter',
      'Times that the groups could not be kept on disk.',
      this.#failedSaves,
    );
    out.family('tributary_reporter_push_requests_total', 'counter', 'Requests that were taken.', ['method']);
    for (const [method, count] of this.#accepted.entries()) out.add(count, method);
    out.family('tributary_reporter_push_refused_total', 'counter', 'Requests that were refused.', ['reason']);
    for (const [reason, count] of this.#refused.entries()) out.add(count, reason);
    const help = 'Connections that were cut off.';
    out.family('tributary_reporter_push_dropped_connections_total', 'counter', help, ['reason']);
    for (const [reason, count] of this.#dropped.entries()) out.add(count, reason);
  }
}

/**
 * StatsD over UDP, as a feed: packets are read as they come and added up, and the sums are told at each tick.
 *
 * Counters and histograms count from the start of the reporter, as those of any process do from its own.
 */
import { isUtf8 } from 'node:buffer';
import { createSocket, type Socket } from 'node:dgram';
import type { HostPort } from '@tributary/shared/loopback';
import type { Labels } from '@tributary/shared/shape';
import type { Collector, ColumnWriter } from '../../collectors/collector.ts';
import type { Feed, Layer } from '../../collectors/feed.ts';
import { Counts } from '../../counts.ts';
import { Hourly } from '../hourly.ts';
import type { ApplicationsLog } from '../log.ts';
import { type BudgetOptions, WORK_BUDGET, WorkBudget } from '../work-budget.ts';
import {
  LINE_ERRORS,
  type LineError,
  type LineSink,
  parseLine,
  type StatsdSample,
  type StatsdType,
} from './parse-line.ts';
import { SAMPLE_ERRORS, type SampleError, StatsdTable, type TableLimits } from './table.ts';

export interface StatsdFeedOptions {
  readonly address: HostPort;
  /** Upper bounds of histograms, ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** 0 is never; in ms. */
  readonly expireAfterMs: number;
  readonly statics: ReadonlyMap<string, string>;
  readonly log: ApplicationsLog;
  /** In ms, with fractions. */
  readonly monotonic: () => number;
  readonly limits?: TableLimits;
  readonly budget?: BudgetOptions;
}

export const STATSD_JOB = 'statsd';

const LISTEN_AGAIN_MS = 10_000;
/** What the kernel keeps while the process is busy; it gives as much of it as it allows (net.core.rmem_max). */
const RECEIVE_BYTES = 1024 * 1024;
const TYPES: readonly StatsdType[] = ['counter', 'gauge', 'observer', 'set'];
const NEWLINE = 10;

export class StatsdFeed implements Feed {
  readonly #options: StatsdFeedOptions;
  readonly #table: StatsdTable;
  readonly #target: Labels;
  readonly #budget: WorkBudget;
  readonly #errors = new Counts<LineError | SampleError>([...LINE_ERRORS, ...SAMPLE_ERRORS]);
  readonly #events = new Counts(TYPES);
  readonly #told = new Hourly();
  #packets = 0;
  #lines = 0;
  #tagErrors = 0;
  #overload = 0;
  #expired = 0;
  #socket: Socket | null = null;
  #port: number | null = null;
  #retry: NodeJS.Timeout | null = null;
  #listenFault = '';
  #now = 0;

  /** Tells of the listener itself. */
  readonly own: Collector = { name: 'statsd', collect: (out) => this.#writeOwn(out) };

  readonly #sink: LineSink = {
    sample: (sample) => this.#sample(sample),
    error: (reason) => this.#error(reason, ''),
    tagError: () => {
      this.#tagErrors++;
    },
  };

  constructor(options: StatsdFeedOptions) {
    this.#options = options;
    this.#target = { job: STATSD_JOB, ...Object.fromEntries(options.statics) };
    this.#budget = new WorkBudget(options.budget ?? WORK_BUDGET);
    const onError = (reason: SampleError) => this.#error(reason, '');
    const { limits } = options;
    this.#table = new StatsdTable({
      bounds: options.bounds,
      target: Object.keys(this.#target),
      onError,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  /** Null while it does not listen. */
  get port(): number | null {
    return this.#port;
  }

  start(): void {
    const { address, log } = this.#options;
    const socket = createSocket(address.host.includes(':') ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('message', (packet) => this.#packet(packet));
    socket.on('error', (error) => this.#listenAgain(socket, error.message));
    socket.on('listening', () => {
      makeRoom(socket);
      this.#port = socket.address().port;
      this.#listenFault = '';
      log.info({ address: `${address.host}:${this.#port}` }, 'applications can send StatsD');
    });
    socket.bind(address.port, address.host);
  }

  take(): readonly Layer[] {
    const { expireAfterMs, monotonic } = this.#options;
    const now = monotonic();
    if (expireAfterMs > 0) this.#expired += this.#table.expire(now - expireAfterMs, now);
    const columns = this.#table.chunks.columns(this.#target);
    this.#table.tick();
    return columns.length === 0 ? [] : [columns];
  }

  async stop(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    this.#port = null;
    if (socket !== null) await new Promise<void>((resolve) => socket.close(resolve));
  }

  #listenAgain(socket: Socket, message: string): void {
    if (message !== this.#listenFault)
      this.#options.log.error({ error: message }, 'cannot listen for StatsD; it is tried again');
    this.#listenFault = message;
    this.#port = null;
    if (this.#socket === null) return;
    this.#socket = null;
    socket.close();
    this.#retry = setTimeout(() => this.start(), LISTEN_AGAIN_MS);
  }

  #packet(packet: Buffer): void {
    const began = this.#options.monotonic();
    this.#now = began;
    this.#packets++;
    if (this.#budget.isSpent(began)) {
      this.#overload++;
      this.#tell('overload', 'more StatsD comes than there is time for; packets are dropped');
      return;
    }
    if (isUtf8(packet)) for (const line of packet.toString('utf8').split('\n')) this.#line(line);
    else this.#mixedLines(packet);
    this.#budget.spend(this.#options.monotonic() - began);
  }

  /** One line that is no text does not cost the others of its packet. */
  #mixedLines(packet: Buffer): void {
    for (let from = 0; from < packet.length; ) {
      const found = packet.indexOf(NEWLINE, from);
      const to = found < 0 ? packet.length : found;
      const bytes = packet.subarray(from, to);
      if (isUtf8(bytes)) this.#line(bytes.toString('utf8'));
      else this.#error('malformed_line', '');
      from = to + 1;
    }
  }

  #line(text: string): void {
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (line === '') return;
    this.#lines++;
    parseLine(line, this.#sink);
  }

  #sample(sample: StatsdSample): void {
    const fault = this.#table.add(sample, this.#now);
    if (fault === null) this.#events.add(sample.type);
    else this.#error(fault, sample.name);
  }

  #error(reason: LineError | SampleError, name: string): void {
    this.#errors.add(reason);
    this.#tell(reason, 'StatsD that cannot be used is left out', name);
  }

  /** The counters tell how many. */
  #tell(reason: string, message: string, name = ''): void {
    if (!this.#told.isDue(reason, this.#now)) return;
    this.#options.log.warn(name === '' ? { reason } : { reason, name }, message);
  }

  #writeOwn(out: ColumnWriter): void {
    const one = (name: string, type: 'gauge' | 'counter', help: string, value: number) => {
      out.family(`tributary_reporter_statsd_${name}`, type, help);
      out.add(value);
    };
    one('listening', 'gauge', '1 while applications can send StatsD.', this.#port === null ? 0 : 1);
    one('packets_total', 'counter', 'Packets that were received.', this.#packets);
    one('dropped_packets_total', 'counter', 'Packets that there was no time to read.', this.#overload);
    one('lines_total', 'counter', 'Lines that were read.', this.#lines);
    one(
      'tag_errors_total',
      'counter',
      'Tags that were left out, as they could not be read.',
      this.#tagErrors,
    );
    one('series', 'gauge', 'Series that are told.', this.#table.series);
    one('expired_series_total', 'counter', 'Series that nobody sent for too long.', this.#expired);
    out.family('tributary_reporter_statsd_events_total', 'counter', 'Samples that were taken.', ['type']);
    for (const [type, count] of this.#events.entries()) out.add(count, type);
    const help = 'Lines and samples that were left out.';
    out.family('tributary_reporter_statsd_sample_errors_total', 'counter', help, ['reason']);
    for (const [reason, count] of this.#errors.entries()) out.add(count, reason);
  }
}

function makeRoom(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BYTES);
  } catch {
    // Some systems refuse what they do not allow, where Linux gives what it does. The default has to do then.
  }
}

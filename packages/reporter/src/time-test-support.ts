/**
 * A host and a gateway whose clocks the test sets, with the reporter's real parts in between: Timekeeper, Spool, ClockSteps,
 * LinkSession and the append of each tick. True time is the test's own; each batch's only value is when it was truly taken.
 */
import type { TestContext } from 'node:test';
import { Backoff } from '@tributary/shared/backoff';
import { DEFAULT_LIMITS, FUTURE_MS_MAX } from '@tributary/shared/limits';
import { createAppend } from './append.ts';
import { type ClockSteps, createClockSteps } from './clock-steps.ts';
import { type LinkEffects, LinkSession } from './link/session.ts';
import { Timekeeper } from './sampler/timekeeper.ts';
import { Spool } from './spool/spool.ts';
import { shapeOf, temporaryFolder } from './spool/test-support.ts';

export const INTERVAL_MS = 10_000;
const START = 1_790_000_000_000;
const SHAPE = shapeOf('true_time');
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };
const UNOBSERVED = {
  connected: () => {},
  disconnected: () => {},
  sent: () => {},
  acked: () => {},
  rejected: () => {},
  refused: () => {},
  skipped: () => {},
  newEpoch: () => {},
  confused: () => {},
  failed: () => {},
};

/** A batch as the gateway got it, and when it was truly taken. */
export interface Got {
  readonly seq: number;
  readonly at: number;
  readonly trueAt: number;
}

/** What one boot of the host, or one process in it, is made of. */
interface Process {
  readonly time: Timekeeper;
  readonly spool: Spool;
  readonly steps: ClockSteps;
  readonly session: LinkSession;
  readonly append: ReturnType<typeof createAppend>;
}

export class World {
  now = START;
  /** Host's wall clock minus the true time. */
  wallErrorMs = 0;
  gatewayErrorMs = 0;
  readonly got: Got[] = [];
  /** Batches that the gateway refused as too far ahead. */
  readonly future: Got[] = [];
  skipped = 0;
  dropped = 0;
  /** Every time that each `epoch/seq` was sent with. */
  readonly sentTimes = new Map<string, Set<number>>();
  /** True times of all ticks. */
  readonly taken: number[] = [];
  #bootedAt = START - 100_000;
  #boot = 1;
  #isLinked = false;
  #next = 1;
  #epoch = '';
  readonly #folder: string;
  #process: Process;

  constructor(t: TestContext, wallErrorMs = 0) {
    this.#folder = temporaryFolder(t);
    this.wallErrorMs = wallErrorMs;
    this.#process = this.#start();
    t.after(() => this.#process.spool.close());
  }

  /** Time passes, with a tick each interval. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= INTERVAL_MS) {
      this.now += INTERVAL_MS;
      this.#tick();
    }
  }

  /** The machine sleeps: nothing is sampled, and both clocks go on. */
  suspend(ms: number): void {
    this.now += ms;
  }

  link(): void {
    this.#isLinked = true;
    for (let i = 0; i < 10 && !this.#process.session.isStreaming; i++) this.#process.session.tick();
  }

  cut(): void {
    this.#isLinked = false;
    this.#process.session.closed(1006, '');
  }

  /** A connection that lasts so long, with a tick each interval. */
  linkFor(ms: number): void {
    this.link();
    this.pass(ms);
    this.cut();
  }

  /** The reporter ends and starts again, in the same boot. */
  restart(): void {
    this.#end();
    this.#process = this.#start();
  }

  /** The machine is off for a while, and comes up with this error of its clock. */
  reboot(offMs: number, wallErrorMs: number): void {
    this.#end();
    this.now += offMs;
    this.wallErrorMs = wallErrorMs;
    this.#bootedAt = this.now - 5_000;
    this.#boot++;
    this.#process = this.#start();
  }

  /** A container is made anew: another name, the same kernel and clocks. */
  recreate(): void {
    this.#end();
    this.#boot++;
    this.#process = this.#start();
  }

  #end(): void {
    this.#isLinked = false;
    this.dropped += [...this.#process.spool.dropped.values()].reduce((sum, count) => sum + count, 0);
    this.#process.spool.close();
  }

  #start(): Process {
    const folder = this.#folder;
    const day = 24 * 3_600_000;
    const limits = { retentionMs: day, bytesMax: 1e9, keepAckedMs: 3_600_000 };
    const spool = new Spool({ folder, ...limits, now: this.now });
    const bootClock = { boot: `boot-${this.#boot}`, now: () => this.now - this.#bootedAt };
    const time = new Timekeeper(() => this.now + this.wallErrorMs, bootClock, spool.clock);
    const steps = createClockSteps(spool, time, SILENT);
    const session: LinkSession = new LinkSession(
      {
        spool,
        host: 'web-1',
        run: `run-${this.now}`,
        agent: '',
        os: '',
        credentials: {
          welcomed: () => {},
          refused: () => false,
          beginAgain: () => {},
          isChanged: () => false,
        },
        backoff: new Backoff({ initialMs: 1, maxMs: 1, random: () => 0 }),
        wall: () => this.now + this.wallErrorMs,
        monotonic: () => this.now,
        onWelcome: (clock, roundTripMs) => {
          steps.note(time.welcome(clock, roundTripMs));
          if (time.gatewayClock !== null) spool.noteClock(time.gatewayClock);
          steps.settle();
        },
        onFuture: () => time.doubt(),
        onPace: () => {},
        observer: UNOBSERVED,
      },
      this.#wire(() => session),
    );
    const counters = { failedAppends: 0 };
    const append = createAppend({
      onTaken() {},
      spool,
      session,
      time,
      counters,
      log: SILENT,
      intervalMs: () => INTERVAL_MS,
      clockSteps: steps,
    });
    return { time, spool, steps, session, append };
  }

  #tick(): void {
    const { time, steps, append, session } = this.#process;
    session.heard();
    session.tick();
    steps.note(time.observe());
    const { mono } = time.moment();
    this.taken.push(this.now);
    append(mono, [[{ shape: SHAPE, values: [this.now] }]]);
  }

  /** The gateway's end, as far as times matter: it answers at once, and takes whatever is next. */
  #wire(session: () => LinkSession): LinkEffects {
    const later: (() => void)[] = [];
    const say = (frame: object) => {
      later.push(() => session().receive(JSON.stringify(frame)));
      if (later.length > 1) return;
      // In order, and not within the call that is answered.
      for (let first = later[0]; first !== undefined; first = later[0]) {
        first();
        later.shift();
      }
    };
    return {
      unsentBytes: 0,
      connect: () => {
        if (this.#isLinked) session().opened();
        else session().closed(1006, '');
      },
      send: (text) => this.#receive(JSON.parse(text), say),
      close: (code, reason) => session().closed(code, reason),
    };
  }

  // What comes is the session's own JSON, written a moment ago.
  // biome-ignore lint/suspicious/noExplicitAny: the fields differ by kind.
  #receive(frame: any, say: (frame: object) => void): void {
    const clock = this.now + this.gatewayErrorMs;
    if (frame.kind === 'hello') {
      if (frame.epoch !== this.#epoch) this.#next = frame.oldest;
      this.#epoch = frame.epoch;
      say({ kind: 'welcome', next: this.#next, clock, horizon: clock - 86_400_000, limits: DEFAULT_LIMITS });
    } else if (frame.kind === 'skip') {
      this.skipped += frame.to - frame.from + 1;
      this.#settle(frame.to, say);
    } else if (frame.kind === 'batch') {
      const key = `${this.#epoch}/${frame.seq}`;
      this.sentTimes.set(key, (this.sentTimes.get(key) ?? new Set()).add(frame.at));
      if (frame.seq < this.#next) return;
      const batch = { seq: frame.seq, at: frame.at, trueAt: frame.groups[0].values[0] };
      const isFuture = batch.at > clock + FUTURE_MS_MAX;
      (isFuture ? this.future : this.got).push(batch);
      if (isFuture) say({ kind: 'reject', seq: batch.seq, code: 'FUTURE', message: '' });
      this.#settle(batch.seq, say);
    }
  }

  #settle(seq: number, say: (frame: object) => void): void {
    this.#next = seq + 1;
    say({ kind: 'ack', seq, delivered: 0 });
  }
}

/**
 * One host of the simulated fleet: the reporter's own spool, clock, session and socket, wired as reporter.ts wires
 * them, with a generated sampler in the place of the collectors. This is the one file that knows their constructors.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Backoff } from '@tributary/shared/backoff';
import { systemClock } from '@tributary/shared/clock';
import { type ClockSteps, createClockSteps } from '../../../packages/reporter/src/clock-steps.ts';
import { LinkSession } from '../../../packages/reporter/src/link/session.ts';
import { Stream } from '../../../packages/reporter/src/link/stream.ts';
import { nextTick, phaseOf } from '../../../packages/reporter/src/sampler/ticks.ts';
import { Timekeeper } from '../../../packages/reporter/src/sampler/timekeeper.ts';
import { Spool } from '../../../packages/reporter/src/spool/spool.ts';
import { Ticker } from '../../../packages/reporter/src/ticker.ts';
import { HostClock } from './host-clock.ts';
import { createTally, type Tally } from './host-tally.ts';
import type { HostSpec, HostStats } from './messages.ts';
import { createSamples } from './series.ts';

/** As the reporter's. */
const BACKOFF_INITIAL_MS = 500;
/** The reporter's is 15 s, which is too long to wait in a test for every fault. */
const BACKOFF_MAX_MS = 4_000;

export class VirtualHost {
  readonly spec: HostSpec;
  readonly #clock: HostClock;
  readonly #samples: ReturnType<typeof createSamples>;
  readonly #spool: Spool;
  readonly #tally: Tally;
  readonly #run = randomUUID();
  #time: Timekeeper;
  #clockSteps: ClockSteps;
  #link: { readonly stream: Stream; readonly session: LinkSession } | null = null;
  #ticker: Ticker | null = null;

  /** Opens the spool; starts nothing. */
  constructor(spec: HostSpec) {
    this.spec = spec;
    this.#clock = new HostClock(spec.wallOffsetMs, spec.boot);
    this.#samples = createSamples({
      host: spec.name,
      seed: spec.seed,
      series: spec.series,
      labels: spec.labels,
    });
    this.#tally = createTally(spec.id);
    this.#spool = new Spool({
      folder: spec.spool,
      retentionMs: spec.retentionMs,
      bytesMax: spec.bytesMax,
      keepAckedMs: spec.keepAckedMs,
      now: systemClock.now(),
    });
    this.#time = new Timekeeper(() => this.#clock.wall(), this.#clock);
    this.#clockSteps = createClockSteps(this.#spool, this.#time, this.#tally);
  }

  /**
   * Fills the spool with the ticks of the last `historyMs`, or from where an earlier call stopped, up to now.
   * @returns how many batches were written.
   */
  writeHistory(): number {
    const { intervalMs, historyMs, name } = this.spec;
    const phase = phaseOf(name, intervalMs);
    const now = this.#time.now();
    const before = this.#spool.next;
    let at = nextTick(this.#spool.lastAt || now - historyMs, intervalMs, phase);
    for (; at < now; at += intervalMs) this.#append(at - this.#time.offset);
    return this.#spool.next - before;
  }

  tick(): void {
    if (this.#ticker !== null) return;
    const { intervalMs, name } = this.spec;
    this.#ticker = new Ticker({
      host: name,
      now: () => this.#time.now(),
      intervalMs: () => intervalMs,
      onMissed: () => this.#tally.missed(),
      monotonic: () => performance.now(),
      onTick: async () => {
        this.#clockSteps.note(this.#time.observe());
        this.#clockSteps.settle();
        this.#append(this.#time.moment().mono);
        this.#link?.session.appended();
      },
    });
    this.#ticker.start();
  }

  /** Takes no more ticks; what was taken is still sent. */
  async rest(): Promise<void> {
    await this.#ticker?.stop();
    this.#ticker = null;
  }

  connect(): void {
    if (this.#link !== null) return;
    const stream = new Stream({
      url: this.spec.gatewayUrl,
      shownUrl: this.spec.gatewayUrl,
      dial: null,
      token: () => null,
      onConnectFailed: (message) => this.#tally.connectFailed(message),
    });
    const session = stream.start(
      (effects) =>
        new LinkSession(
          {
            spool: this.#spool,
            host: this.spec.name,
            run: this.#run,
            agent: 'tributary-simulator/1',
            os: 'simulated',
            backoff: new Backoff({
              initialMs: BACKOFF_INITIAL_MS,
              maxMs: BACKOFF_MAX_MS,
              random: Math.random,
            }),
            credentials: {
              welcomed: () => {},
              refused: () => false,
              beginAgain: () => {},
              isChanged: () => false,
            },
            wall: () => this.#clock.wall(),
            monotonic: () => performance.now(),
            onWelcome: (clock, roundTripMs) => {
              this.#clockSteps.note(this.#time.welcome(clock, roundTripMs));
              this.#clockSteps.settle();
            },
            onPace: () => {},
            observer: this.#tally,
          },
          effects,
        ),
    );
    this.#link = { stream, session };
  }

  async disconnect(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    await link?.stream.stop('shutdown');
  }

  async stop(): Promise<void> {
    await this.rest();
    await this.disconnect();
    this.#spool.close();
  }

  /** Someone sets the host's wall clock. */
  step(ms: number): void {
    this.#clock.step(ms);
  }

  /** The boot clock begins anew, as after a power cut with the clock of the mainboard intact. */
  async reboot(): Promise<void> {
    const wasTicking = this.#ticker !== null;
    const wasConnected = this.#link !== null;
    await this.rest();
    await this.disconnect();
    this.#clock.reboot();
    this.#time = new Timekeeper(() => this.#clock.wall(), this.#clock);
    this.#clockSteps = createClockSteps(this.#spool, this.#time, this.#tally);
    if (wasConnected) this.connect();
    if (wasTicking) this.tick();
  }

  /** What a snapshot of the disk holds at this moment. Nothing is written meanwhile, since this is one call. */
  copySpool(to: string): void {
    mkdirSync(to, { recursive: true });
    for (const name of ['spool.sqlite', 'spool.sqlite-wal']) {
      const from = join(this.spec.spool, name);
      if (existsSync(from)) copyFileSync(from, join(to, name));
    }
  }

  takeLatencies(): readonly number[] {
    return this.#tally.takeLatencies();
  }

  stats(): HostStats {
    const { id, name } = this.spec;
    const { epoch, oldest, next, sent, acked, delivered, lastAt, dropped } = this.#spool;
    const session = this.#link?.session;
    return {
      ...{ id, name, epoch, oldest, next, sent, acked, delivered, lastAt },
      isStreaming: session?.isStreaming ?? false,
      isParked: session?.isParked ?? false,
      dropped: Object.fromEntries(dropped),
      ...this.#tally.counts(),
    };
  }

  #append(mono: number): void {
    const { intervalMs } = this.spec;
    const at = mono + this.#time.offset;
    const options = {
      willSend: this.#link?.session.isStreaming ?? false,
      timeIsSure: this.#time.isSure,
      stepMs: Math.max(1, Math.floor(intervalMs / 2)),
    };
    this.#spool.append(
      { at, boot: this.#time.boot, mono },
      [this.#samples(Math.floor(at / intervalMs))],
      options,
    );
  }
}

/** Help for tests of the link: a session with a real spool, whose other end and clock the test plays. */
import type { TestContext } from 'node:test';
import { Backoff } from '@tributary/shared/backoff';
import type { Welcome } from '@tributary/shared/frames';
import { DEFAULT_LIMITS, type WireLimits } from '@tributary/shared/limits';
import type { Spool, SpoolOptions } from '../spool/spool.ts';
import { openSpool } from '../spool/test-support.ts';
import type { LinkObserver } from './observer.ts';
import { type LinkEffects, LinkSession, SESSION_LOOK_MS } from './session.ts';

/** A frame as it went out, parsed. */
export interface SentFrame {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export const BACKOFF_MS = 1_000;
export const WALL = 1_790_000_123_456;

export class Harness {
  readonly spool: Spool;
  readonly session: LinkSession;
  /** What the session did since it was last looked at, in order: frames' texts, `connect`, `close CODE REASON`. */
  #did: string[] = [];
  /** What the observer was told, as `name(arguments)`. */
  readonly told: string[] = [];
  readonly paces: number[] = [];
  readonly welcomes: [clock: number, roundTripMs: number][] = [];
  /** Of each welcome. */
  readonly seriesMax: number[] = [];
  /** Called for each welcome, as the reporter puts its clock right there. */
  onWelcome: () => void = () => {};
  /** What keeping a token does; it may throw. */
  onToken: (token: string | undefined) => void = () => {};
  hasOtherToken = false;
  isTokenChanged = false;
  /** How often the credentials were looked at while parked. */
  looks = 0;
  /** How often the credentials were told to begin again. */
  rounds = 0;
  futures = 0;
  nowMs = 1_000_000;
  #lookAt = this.nowMs;
  /** What the socket would hold; a test that sets `isStuck` lets it grow. */
  unsentBytes = 0;
  isStuck = false;

  constructor(t: TestContext, options: Partial<SpoolOptions> = {}, spool?: Spool) {
    this.spool = spool ?? openSpool(t, options);
    this.session = new LinkSession(
      {
        spool: this.spool,
        host: 'web-1',
        run: 'run-1',
        agent: 'tributary-reporter/1.0.0',
        os: 'linux 6.1',
        // Full jitter, as if the dice always fell on the highest number.
        backoff: new Backoff({ initialMs: BACKOFF_MS, maxMs: 16 * BACKOFF_MS, random: () => 1 }),
        credentials: {
          welcomed: (token) => {
            if (token !== undefined) this.#did.push(`welcomed ${token}`);
            this.onToken(token);
          },
          refused: () => this.hasOtherToken,
          beginAgain: () => void this.rounds++,
          isChanged: () => {
            this.looks++;
            return this.isTokenChanged;
          },
        },
        wall: () => WALL,
        monotonic: () => this.nowMs,
        onWelcome: (clock, roundTripMs, limits) => {
          this.welcomes.push([clock, roundTripMs]);
          this.seriesMax.push(limits.seriesMax);
          this.onWelcome();
        },
        onFuture: () => {
          this.futures++;
        },
        onPace: (intervalMs) => this.paces.push(intervalMs),
        observer: this.#observer(),
      },
      this.#effects(),
    );
    this.#watchLooks();
  }

  /** As the stream does: when it was told to look again, and soon after an end. */
  #watchLooks(): void {
    const { session } = this;
    const [tick, closed] = [session.tick.bind(session), session.closed.bind(session)];
    session.tick = () => {
      const againMs = tick();
      this.#lookAt = this.nowMs + againMs;
      return againMs;
    };
    session.closed = (...how) => {
      closed(...how);
      this.#lookAt = this.nowMs + SESSION_LOOK_MS;
    };
  }

  /** What was done since the last call, frames as their texts. */
  did(): string[] {
    const did = this.#did;
    this.#did = [];
    return did;
  }

  /** The frames among it. */
  frames(): SentFrame[] {
    return this.did()
      .filter((entry) => entry.startsWith('{'))
      .map((text) => JSON.parse(text) as SentFrame);
  }

  /** Those in short: `shape 1`, `batch 2`, `skip 3-4 too_old`. */
  sent(): string[] {
    return this.frames().map((frame) => {
      if (frame.kind === 'shape') return `shape ${frame['id']}`;
      if (frame.kind === 'batch') return `batch ${frame['seq']}`;
      if (frame.kind === 'skip') return `skip ${frame['from']}-${frame['to']} ${frame['reason']}`;
      return frame.kind;
    });
  }

  /** Lets time pass, looking when the stream does, and no more often. */
  pass(ms: number): void {
    const end = this.nowMs + ms;
    while (this.#lookAt <= end) {
      this.nowMs = Math.max(this.nowMs, this.#lookAt);
      this.session.tick();
    }
    this.nowMs = end;
  }

  /** Waits out the backoff, until the session has said hello. */
  open(): void {
    this.pass(30_000);
    this.session.opened();
  }

  /** Connects and is welcomed, everything below `next` having been acked before; what was said on the way is forgotten. */
  stream(
    next: number,
    welcome: Partial<Omit<Welcome, 'limits'>> & { limits?: Partial<WireLimits> } = {},
  ): void {
    if (next - 1 <= this.spool.sent) this.spool.ack(next - 1, 0);
    this.open();
    this.did();
    this.welcome(next, welcome);
  }

  say(frame: object): void {
    this.session.receive(JSON.stringify(frame));
  }

  welcome(
    next: number,
    welcome: Partial<Omit<Welcome, 'limits'>> & { limits?: Partial<WireLimits> } = {},
  ): void {
    const limits = { ...DEFAULT_LIMITS, ...welcome.limits };
    this.say({ kind: 'welcome', clock: WALL, horizon: 0, ...welcome, next, limits });
  }

  ack(seq: number, delivered = 0): void {
    this.say({ kind: 'ack', seq, delivered });
  }

  refuse(code: string, closeCode: number, retryAfterMs?: number): void {
    this.say({ kind: 'refuse', code, message: `because of ${code}`, retryAfterMs });
    this.session.closed(closeCode, code);
  }

  #effects(): LinkEffects {
    // The getter below has a `this` of its own.
    const unsent = () => this.unsentBytes;
    return {
      connect: () => this.#did.push('connect'),
      send: (text) => {
        this.#did.push(text);
        if (this.isStuck) this.unsentBytes += text.length;
      },
      get unsentBytes() {
        return unsent();
      },
      close: (code, reason) => this.#did.push(`close ${code} ${reason}`),
    };
  }

  #observer(): LinkObserver {
    const note =
      (name: string) =>
      (...values: unknown[]) => {
        this.told.push(`${name}(${values.map((value) => JSON.stringify(value)).join(', ')})`);
      };
    return {
      connected: note('connected'),
      disconnected: note('disconnected'),
      sent: () => {},
      acked: () => {},
      rejected: note('rejected'),
      refused: () => {},
      skipped: note('skipped'),
      newEpoch: note('newEpoch'),
      confused: note('confused'),
      failed: note('failed'),
    };
  }
}

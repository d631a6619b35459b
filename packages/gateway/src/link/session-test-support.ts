/** A session on a bench: its effects are written down, its clock and its ledger are moved by hand. */
import assert from 'node:assert/strict';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { decodeGatewayFrame } from '@tributary/shared/decode-gateway';
import { encodeBatchFrame, encodeFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import type { RefuseCode } from '@tributary/shared/errors';
import type { GatewayFrame, Hello } from '@tributary/shared/frames';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import type { Family, Labels } from '@tributary/shared/shape';
import type { StreamState } from '../ledger/ledger.ts';
import { HostRates } from '../limits/host-rates.ts';
import type { HostTimes, RecallSpan } from './host-times.ts';
import { ANYONE, type Identity } from './identity.ts';
import type { LinkObserver, SettledEntry } from './observer.ts';
import { Session } from './session.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { AMPLE_RATES, FakeClock, helloOf, NOW } from './test-support.ts';
import { Voices } from './voices.ts';

/** What the ledger says of an epoch that never wrote, of a host that it does not know. */
export const NEW_STREAM: StreamState = { next: null, lastHash: 0, lastAt: 0, nextOffset: 1 };

export class Bench {
  readonly clock: FakeClock;
  readonly voices: Voices;
  readonly times: Map<string, HostTimes>;
  readonly sent: GatewayFrame[] = [];
  readonly closes: [number, string][] = [];
  readonly appends: (readonly SettledEntry[])[] = [];
  readonly events: string[] = [];
  readonly recalls: { readonly times: HostTimes; readonly span: RecallSpan }[] = [];
  readonly rates: HostRates;
  /** Skews that were told of. */
  readonly greetings: number[] = [];
  clockIsWrong = false;
  loads = 0;
  grants = 0;
  readonly session: Session;

  constructor(
    clock = new FakeClock(),
    voices = new Voices(),
    times = new Map<string, HostTimes>(),
    identity: Identity = ANYONE,
    rates = new HostRates(() => AMPLE_RATES, clock.uptimeMs),
    isOneTooMany: () => boolean = () => false,
  ) {
    this.times = times;
    this.rates = rates;
    this.clock = clock;
    this.voices = voices;
    const tell =
      (what: string) =>
      (...args: unknown[]) =>
        void this.events.push([what, ...args.filter((arg) => typeof arg !== 'object')].join(' '));
    const observer: LinkObserver = {
      greeted: (_host, skewMs) => void this.greetings.push(skewMs),
      opened: tell('opened'),
      settled: tell('settled'),
      dropped: tell('dropped'),
      limited: tell('limited'),
      slowed: tell('slowed'),
      rejected: (host, code) => tell('rejected')(host, code),
      refused: (host, code) => tell('refused')(host, code),
      closed: tell('closed'),
      left: tell('left'),
      frame: () => {},
    };
    this.session = new Session(
      {
        identity,
        limits: DEFAULT_LIMITS,
        clock,
        uptimeMs: clock.uptimeMs,
        shapes: new ShapeRegistry(),
        voices,
        rates: this.rates,
        times: this.times,
        observer,
        delivered: () => 0,
        isOneTooMany,
        isFull: () => false,
        clockIsWrong: () => this.clockIsWrong,
        horizonMs: () => 60_000,
        paceMs: () => 0,
        address: '10.0.0.1:1',
      },
      {
        send: (frame) => {
          // Whatever is said must be understood at the other end.
          assert.deepEqual(decodeGatewayFrame(encodeFrame(frame)), frame);
          this.sent.push(frame);
        },
        close: (code, reason) => this.closes.push([code, reason]),
        grant: () => void this.grants++,
        load: () => this.loads++,
        recall: (_host, times, span) => this.recalls.push({ times, span }),
        append: (_host, _epoch, entries) => this.appends.push(entries),
      },
    );
  }

  frame(text: string | object): void {
    const written = typeof text === 'string' ? text : JSON.stringify(text);
    this.session.receive(Buffer.from(written));
  }

  hello(over: Partial<Hello> = {}): void {
    this.frame(encodeFrame(helloOf(over)));
  }

  /** Past the welcome. */
  open(over: Partial<Hello> = {}, state: StreamState = NEW_STREAM): this {
    this.hello(over);
    this.session.loaded(state);
    this.settleAll();
    return this;
  }

  shape(id: number, families: readonly Family[], labels: Labels = {}): void {
    this.frame(encodeShapeFrame(id, encodeShapeBody({ labels, families })));
  }

  batch(seq: number, value: number, at = NOW + seq, shape = 1): void {
    this.frame(encodeBatchFrame(seq, at, `[{"shape":${shape},"values":[${value}]}]`));
  }

  /** Everything handed over is on disk. */
  settleAll(): void {
    for (const entries of this.appends.splice(0)) this.session.settled(entries);
  }

  /** Whatever is recalled is not there. @param before as for `HostTimes.recalled` */
  recallAll(before: number): void {
    for (let asked = this.recalls.shift(); asked !== undefined; asked = this.recalls.shift()) {
      asked.times.recalled(asked.span, before);
      this.session.recalled();
    }
  }

  /** How it was refused: the code, once, with its close. */
  refusal(): RefuseCode {
    const last = this.sent.at(-1);
    assert.ok(last?.kind === 'refuse', `the last frame is ${JSON.stringify(last)}`);
    assert.deepEqual(this.closes, [[CLOSE_CODES[last.code as RefuseCode], last.code]]);
    assert.ok(this.session.closed);
    return last.code as RefuseCode;
  }

  kinds(): string[] {
    return this.sent.map((frame) => (frame.kind === 'ack' ? `ack ${frame.seq}` : frame.kind));
  }
}

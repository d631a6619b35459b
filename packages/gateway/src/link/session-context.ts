/** What a session needs of the world, and what it has done in it; see session.ts. */

import type { Clock } from '@tributary/shared/clock';
import type { GatewayFrame, Hello } from '@tributary/shared/frames';
import type { WireLimits } from '@tributary/shared/limits';
import type { HostRates } from '../limits/host-rates.ts';
import type { HostTimes, RecallSpan } from './host-times.ts';
import type { Identity } from './identity.ts';
import type { LinkObserver, SettledEntry } from './observer.ts';
import type { ShapeRegistry } from './shape-registry.ts';
import type { Voices } from './voices.ts';

export interface SessionEffects {
  send(frame: GatewayFrame): void;
  /** Closes after everything that was sent. */
  close(code: number, reason: string): void;
  /** Asks the connection's identity for what it has to grant; `granted` is to be called with it. */
  grant(hello: Hello): void;
  /** Asks the ledger for the stream's state; `loaded` is to be called with it. */
  load(host: string, epoch: string): void;
  /** Looks through a span of the host's log for what `times` lacks (recall.ts); `recalled` is to be called then. */
  recall(host: string, times: HostTimes, span: RecallSpan): void;
  /** Hands entries to the ledger; `settled` is to be called when they are on disk, in the order of the calls. */
  append(host: string, epoch: string, entries: readonly SettledEntry[]): void;
}

export interface SessionContext {
  /** Of this connection: whom it may speak for. */
  readonly identity: Identity;
  readonly limits: WireLimits;
  readonly clock: Clock;
  /** Milliseconds that never step, unlike the clock's: silence is measured by them. */
  readonly uptimeMs: () => number;
  readonly shapes: ShapeRegistry;
  readonly voices: Voices;
  /** How fast each host may send. */
  readonly rates: HostRates;
  /** By host, what its connections have taken since the start; see `loaded`. */
  readonly times: Map<string, HostTimes>;
  readonly observer: LinkObserver;
  /** The highest seq of an epoch that every active scraper has taken; 0 for none. */
  readonly delivered: (host: string, epoch: string) => number;
  /** True while the ledger has no room, since what it holds is undelivered: nothing is read, and the hosts keep theirs. */
  readonly isFull: () => boolean;
  /** True when most hosts, or the ledger, say that this machine's clock is wrong: nobody is to take its time then. */
  readonly clockIsWrong: () => boolean;
  /** True for a host that is not known, when there are as many as may be. */
  readonly isOneTooMany: (host: string) => boolean;
  /** Batches older than this need not come. */
  readonly horizonMs: () => number;
  /** How often hosts are asked to report, in ms; 0 for as they like. */
  readonly paceMs: () => number;
  /** The other end's address, for people. */
  readonly address: string;
}

/** The feeds that the options ask for: see collectors/feed.ts. */
import type { Feed } from './collectors/feed.ts';
import type { ReporterOptions } from './config.ts';
import type { Log } from './log.ts';

export interface FeedParts {
  readonly options: ReporterOptions;
  readonly log: Log;
  /** The clock that `TickMoment.mono` is of. */
  readonly monotonic: () => number;
}

export function createFeeds(_parts: FeedParts): Feed[] {
  return [];
}

/** A feed whose code is loaded when it starts: most hosts have none of it, and should not pay memory for it. */
import type { Collector } from './collector.ts';
import type { Feed, Layer, TickMoment } from './feed.ts';

export interface LateFeed<F> extends Feed {
  readonly own: Collector;
  /** The feed itself, once it is loaded. */
  readonly loaded: F | null;
}

/**
 * @param name of the collector that tells of the feed.
 * @param load makes the feed; it starts nothing.
 */
export function lateFeed<F extends Feed & { readonly own: Collector }>(
  name: string,
  load: () => Promise<F>,
  log: { error(fields: object, message: string): void },
): LateFeed<F> {
  let feed: F | null = null;
  let loading: Promise<void> = Promise.resolve();
  let isStopped = false;
  return {
    own: {
      name,
      collect: (out, signal) => feed?.own.collect(out, signal),
    },
    get loaded() {
      return feed;
    },
    start() {
      loading = load().then(
        (loaded) => {
          if (isStopped) return;
          feed = loaded;
          feed.start();
        },
        (error: Error) => log.error({ feed: name, error: error.message }, 'a feed cannot be loaded'),
      );
    },
    take: (moment: TickMoment): readonly Layer[] => feed?.take(moment) ?? [],
    async stop() {
      isStopped = true;
      await loading;
      await feed?.stop();
    },
  };
}

/** Kills a Prometheus in the very middle of a scrape. */
import { eventually } from './eventually.ts';
import type { Prometheus } from './prometheus.ts';
import type { Relay } from './relay.ts';

/** So slow that a body takes seconds, so that the kill comes in its middle. */
const TRICKLE_BYTES_PER_SECOND = 4_000;
/** More than a response's head. */
const BEGUN_BYTES = 500;

/** @param wire what it scrapes through. Does not restart it. */
export async function killInMidScrape(prometheus: Prometheus, wire: Relay): Promise<void> {
  wire.throttle(TRICKLE_BYTES_PER_SECOND);
  const before = wire.counts.bytesDown;
  await eventually('a body is on its way', () => wire.counts.bytesDown > before + BEGUN_BYTES, {
    everyMs: 5,
  });
  await prometheus.kill('SIGKILL');
  wire.throttle(null);
}

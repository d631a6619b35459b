/**
 * When to sample: at `k × interval + phase`, where the phase is the host's own. A fleet that ticked on the full second
 * would speak in one instant; a host that ticks at fixed points of the interval gives even series over restarts.
 */
import { fnv1a32 } from '@tributary/shared/hash';

/** The host's phase within an interval, in ms. */
export function phaseOf(host: string, intervalMs: number): number {
  return fnv1a32(host) % intervalMs;
}

/** The first tick after `now`. */
export function nextTick(now: number, intervalMs: number, phaseMs: number): number {
  return Math.floor((now - phaseMs) / intervalMs + 1) * intervalMs + phaseMs;
}

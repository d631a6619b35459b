import { setTimeout as delay } from 'node:timers/promises';

/** How long a whole-program test waits for something that takes a second on an idle machine. */
export const PATIENCE_MS = 45_000;

export interface Patience {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Runs `attempt` again and again until it neither throws nor returns undefined or false, and returns what it returned.
 * Tests wait by this and never sleep for a guessed time. When the time is over it throws, naming `what`, with the last
 * error as its cause.
 */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = PATIENCE_MS, everyMs = 100 }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const result = await attempt();
      if (result !== undefined && result !== false) return result;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}${why}`, { cause });
    }
    await delay(everyMs);
  }
}

/** Waits for a promise, but not for ever. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const handle = setTimeout(
    () => timer.reject(new Error(`not within ${timeoutMs / 1000} s: ${what}`)),
    timeoutMs,
  );
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(handle);
  }
}

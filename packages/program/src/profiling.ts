/**
 * What `/debug/pprof/*` gives of a program while it runs: profiles of V8, which Chrome's DevTools and others read. Nothing is
 * loaded and nothing is measured until somebody asks.
 */
import type { Readable } from 'node:stream';

/** Only one at a time: they slow the program down, and a snapshot takes as much memory again as it shows. */
export class ProfileBusyError extends Error {
  override readonly name = 'ProfileBusyError';
}

/** As Go's own, where nothing is said. */
export const PROFILE_SECONDS = 30;
export const PROFILE_SECONDS_MAX = 60;

let isBusy = false;

/** @returns null when `seconds=` of a request is no number of seconds that is possible. */
export function profileSeconds(text: string): number | null {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return seconds > 0 && seconds <= PROFILE_SECONDS_MAX ? seconds : null;
}

/**
 * Where the CPU goes, for so long.
 * @param left ends it early: nobody waits for it any more.
 * @returns the text of a `.cpuprofile` file.
 * @throws ProfileBusyError
 */
export async function cpuProfile(seconds: number, left: AbortSignal): Promise<string> {
  return await alone(async () => {
    const { Session } = await import('node:inspector/promises');
    const session = new Session();
    session.connect();
    try {
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
      await pause(seconds * 1000, left);
      const { profile } = await session.post('Profiler.stop');
      return JSON.stringify(profile);
    } finally {
      session.disconnect();
    }
  });
}

/**
 * All that lives on the main thread's heap. Nothing else is done while it is taken.
 * @param send is given the text of a `.heapsnapshot` file
 * @throws ProfileBusyError, and what `send` throws
 */
export async function heapSnapshot(send: (snapshot: Readable) => Promise<void>): Promise<void> {
  await alone(async () => {
    const { getHeapSnapshot } = await import('node:v8');
    await send(getHeapSnapshot());
  });
}

async function alone<T>(act: () => Promise<T>): Promise<T> {
  if (isBusy) throw new ProfileBusyError('another profile is being taken; try again when it is done');
  isBusy = true;
  try {
    return await act();
  } finally {
    isBusy = false;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/**
 * What `/debug/pprof/*` gives of a program while it runs: profiles of V8, which Chrome's DevTools and others read. Nothing is
 * loaded and nothing is measured until somebody asks.
 */
import type { Readable } from 'node:stream';

/** It cannot be taken now: only one is at a time, and a snapshot takes much memory and time. `message` says which. */
export class ProfileBusyError extends Error {
  override readonly name = 'ProfileBusyError';
}

/** As Go's own, where nothing is said. */
export const PROFILE_SECONDS = 30;
export const PROFILE_SECONDS_MAX = 60;

/**
 * What a snapshot may take besides, as a multiple of the heap that is in use: thirteen times was seen for a heap of very many
 * small objects.
 */
const SNAPSHOT_FACTOR = 13;
/** Nothing else is done for so long as it takes: some 5 MB of heap a second were seen on a busy machine. */
const SNAPSHOT_HEAP_BYTES_MAX = 200_000_000;
/** Whoever asked for one has to read it within this. */
const SNAPSHOT_MS_MAX = 120_000;
/**
 * For so long nothing may move on the connection of a request: until a profile is taken, or while a snapshot holds everything up. Longer than
 * a listener waits for anybody else.
 */
export const PROFILE_STALL_MS = 120_000;

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
 * All that lives on the main thread's heap, secrets among it. Nothing else is done while it is taken.
 * @param send is given the text of a `.heapsnapshot` file, which is destroyed when that takes too long
 * @throws ProfileBusyError also where it would take too long, or more memory than there is; and what `send` throws
 */
export async function heapSnapshot(send: (snapshot: Readable) => Promise<void>): Promise<void> {
  await alone(async () => {
    const { getHeapSnapshot, getHeapStatistics } = await import('node:v8');
    refuseLarge(getHeapStatistics().used_heap_size);
    const snapshot = getHeapSnapshot();
    const late = setTimeout(() => snapshot.destroy(), SNAPSHOT_MS_MAX);
    try {
      await send(snapshot);
    } finally {
      clearTimeout(late);
    }
  });
}

function refuseLarge(heapBytes: number): void {
  const [heap, room, needed] = [heapBytes, process.availableMemory(), heapBytes * SNAPSHOT_FACTOR].map(
    (bytes) => `${Math.round(bytes / 1_000_000)} MB`,
  );
  if (heapBytes > SNAPSHOT_HEAP_BYTES_MAX)
    throw new ProfileBusyError(
      `the heap has ${heap}; a snapshot would hold everything up for minutes. Take a CPU profile, or a core file`,
    );
  if (heapBytes * SNAPSHOT_FACTOR > process.availableMemory())
    throw new ProfileBusyError(
      `a snapshot may take ${needed}, and there are ${room} left for this program; give it more for a while`,
    );
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

/** `/debug/pprof/profile` and `/debug/pprof/heap`. */
import { pipeline } from 'node:stream/promises';
import {
  cpuProfile,
  heapSnapshot,
  PROFILE_SECONDS,
  PROFILE_SECONDS_MAX,
  PROFILE_STALL_MS,
  ProfileBusyError,
  profileSeconds,
} from '@tributary/program/profiling';
import { reply } from './bounded-server.ts';
import type { WebRequest } from './web-request.ts';

export async function sendProfile({ request, response, query }: WebRequest): Promise<void> {
  const seconds = profileSeconds(query.get('seconds') ?? String(PROFILE_SECONDS));
  if (seconds === null)
    return reply(response, 400, `seconds= is above 0 and at most ${PROFILE_SECONDS_MAX}\n`);
  const left = new AbortController();
  response.once('close', () => left.abort());
  request.socket.setTimeout(PROFILE_STALL_MS);
  await unlessBusy(response, async () => {
    const profile = await cpuProfile(seconds, left.signal);
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-disposition', 'attachment; filename="tributary-reporter.cpuprofile"');
    response.end(profile);
  });
}

export async function sendHeap({ request, response }: WebRequest): Promise<void> {
  request.socket.setTimeout(PROFILE_STALL_MS);
  await unlessBusy(response, async () => {
    await heapSnapshot(async (snapshot) => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('content-disposition', 'attachment; filename="tributary-reporter.heapsnapshot"');
      await pipeline(snapshot, response).catch((error: NodeJS.ErrnoException) => {
        // Whoever asked has seen enough.
        if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
      });
    });
  });
}

async function unlessBusy(response: WebRequest['response'], act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ProfileBusyError)) throw error;
    reply(response, 503, `${error.message}\n`);
  }
}

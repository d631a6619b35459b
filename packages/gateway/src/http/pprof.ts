/** `/debug/pprof/profile` and `/debug/pprof/heap`: profiles of V8 while the gateway runs, for administrators. */
import type { Readable } from 'node:stream';
import {
  cpuProfile,
  heapSnapshot,
  PROFILE_SECONDS,
  PROFILE_SECONDS_MAX,
  PROFILE_STALL_MS,
  ProfileBusyError,
  profileSeconds,
} from '@tributary/program/profiling';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { only } from './access.ts';
import { failure } from './envelope.ts';
import { readQuery } from './query.ts';

export function registerPprof(app: FastifyInstance): void {
  app.get('/debug/pprof/profile', only('admin'), async (request, reply) => {
    const query = readQuery(request.url, ['seconds']);
    const remedy = `it is above 0 and at most ${PROFILE_SECONDS_MAX}`;
    const seconds = query.read('seconds', (text) => profileSeconds(text) ?? undefined, remedy);
    request.raw.socket.setTimeout(PROFILE_STALL_MS);
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    return await unlessBusy(reply, async () => {
      const profile = await cpuProfile(seconds ?? PROFILE_SECONDS, left.signal);
      return asFile(reply, 'cpuprofile').send(profile);
    });
  });
  app.get('/debug/pprof/heap', only('admin'), async (request, reply) => {
    readQuery(request.url, []);
    request.raw.socket.setTimeout(PROFILE_STALL_MS);
    return await unlessBusy(reply, async () => {
      await heapSnapshot(async (snapshot) => {
        asFile(reply, 'heapsnapshot').send(snapshot);
        await ended(snapshot);
      });
      return reply;
    });
  });
}

function asFile(reply: FastifyReply, extension: string): FastifyReply {
  return reply
    .type('application/json')
    .header('content-disposition', `attachment; filename="tributary-gateway.${extension}"`);
}

/** Read to its end, or given up by whoever read it. */
async function ended(stream: Readable): Promise<void> {
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
}

async function unlessBusy(reply: FastifyReply, act: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ProfileBusyError)) throw error;
    return reply.code(503).send(failure('unavailable', error.message));
  }
}

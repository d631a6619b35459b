/** Every request is asked who it is before anything is made of it, and every route says which role it is for. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { plainAddress } from '../limits/address-key.ts';
import type { Gatekeeper, Outcome, Visitor } from '../trust/gatekeeper.ts';
import { nameOf, type Principal } from '../trust/principal.ts';
import { RETRY_SECONDS, type Refusal } from '../trust/refusal.ts';
import type { Role } from '../trust/roles.ts';
import { failure } from './envelope.ts';

/** `anyone`: for what is no secret once the gateway has credentials; a stranger is told less. */
export type RouteRole = Role | 'anyone';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whom the route is for; scrapers unless set. */
    readonly role?: RouteRole;
  }
  interface FastifyRequest {
    /** Null for a stranger. */
    principal: Principal | null;
  }
}

export interface AccessSources {
  readonly gatekeeper: Pick<Gatekeeper, 'ask' | 'recognise'>;
  /** Of the client certificate of a request's connection; null where there is none. */
  readonly certificateOf: (request: IncomingMessage) => readonly string[] | null;
  /** Told of each request that is turned away. */
  readonly onRefused: (refusal: Refusal, request: IncomingMessage) => void;
}

/** For a route's options. */
export function only(role: RouteRole): { config: { role: RouteRole } } {
  return { config: { role } };
}

/** To be called before routes are registered, and after all that must see refused requests, too. */
export function guardRoutes(app: FastifyInstance, sources: AccessSources): void {
  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request, reply) => {
    const { role = 'scrape' } = request.routeOptions.config;
    const refusal = await admit(request, role, sources);
    if (refusal !== null) return refuse(reply, refusal);
  });
}

/** For requests that pass by all hooks. @returns whether it was answered */
export async function refuseStranger(
  request: FastifyRequest,
  reply: FastifyReply,
  sources: AccessSources,
): Promise<boolean> {
  const refusal = await admit(request, 'scrape', sources);
  if (refusal !== null) refuse(reply, refusal);
  return refusal !== null;
}

/** Of whom the log should speak. */
export function askedBy({ principal, ip }: FastifyRequest): string {
  const address = plainAddress(ip);
  const name = principal === null ? '' : nameOf(principal);
  return name === '' ? address : `${name} (${address})`;
}

async function admit(
  request: FastifyRequest,
  role: RouteRole,
  { gatekeeper, certificateOf, onRefused }: AccessSources,
): Promise<Refusal | null> {
  const visitor = visitorOf(request.raw, certificateOf);
  const outcome: Outcome | null =
    role === 'anyone' ? await gatekeeper.recognise(visitor) : await gatekeeper.ask(visitor, role);
  request.principal = outcome?.principal ?? null;
  if (outcome === null || outcome.refusal === null) return null;
  onRefused(outcome.refusal, request.raw);
  return outcome.refusal;
}

export function visitorOf(request: IncomingMessage, certificateOf: AccessSources['certificateOf']): Visitor {
  const { headers, socket, httpVersion } = request;
  return { headers, remoteAddress: socket.remoteAddress, httpVersion, certificate: certificateOf(request) };
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  429: 'too_many_requests',
  503: 'unavailable',
};

function refuse(reply: FastifyReply, { status, message, challenges }: Refusal): FastifyReply {
  if (status === 429 || status === 503) reply.header('retry-after', RETRY_SECONDS);
  if (challenges.length > 0) reply.header('www-authenticate', [...challenges]);
  return reply.code(status).send(failure(ERROR_TYPES[status] ?? 'forbidden', message));
}

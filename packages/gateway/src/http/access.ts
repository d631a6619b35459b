/**
 * Who may ask. A role that has no credential is open to loopback only, and a request that was forwarded, or that names
 * another host than this machine's loopback, is not loopback: the first came through a proxy from who knows where, the
 * second is what a DNS-rebinding page sends. A page of another origin gets nothing either.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackAddress, isLoopbackName } from '@tributary/shared/loopback';

export interface AccessRequest {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}

export interface Refusal {
  readonly status: number;
  /** Short and fixed, for the metric. */
  readonly reason: string;
  /** For the person at the other end; says nothing about the inside. */
  readonly message: string;
}

/** @returns null when the request comes from this machine itself. */
export function refuseUnlessLoopback({ headers, remoteAddress }: AccessRequest): Refusal | null {
  if (remoteAddress === undefined || !isLoopbackAddress(remoteAddress)) {
    return refusal('not_loopback', 'only this machine itself may ask while no credentials are configured');
  }
  if (
    headers.forwarded !== undefined ||
    headers['via'] !== undefined ||
    headers['x-forwarded-for'] !== undefined
  ) {
    return refusal('forwarded', 'forwarded requests are not taken while no credentials are configured');
  }
  if (!isLoopbackName(headers.host ?? '')) {
    return refusal('foreign_host', 'the Host header must name localhost while no credentials are configured');
  }
  if (headers.origin !== undefined && !isLoopbackName(headers.origin.replace(/^https?:\/\//, ''))) {
    return refusal('foreign_origin', 'pages of other origins may not ask');
  }
  return null;
}

function refusal(reason: string, message: string): Refusal {
  return { status: 403, reason, message };
}

/**
 * Who may ask. A role that has no credential is open to loopback only, and a request that was forwarded, or that names
 * another host than this machine's loopback, is not loopback: the first came through a proxy from who knows where, the
 * second is what a DNS-rebinding page sends. A page of another origin gets nothing either.
 */
import type { IncomingHttpHeaders } from 'node:http';

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

/** True for 127.0.0.0/8 and ::1, also when mapped into IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

/** @param authority `host` or `host:port`, as in a Host header. */
function isLoopbackName(authority: string): boolean {
  const host = authority.replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || isLoopbackAddress(host.replace(/^\[(.*)\]$/, '$1'));
}

function refusal(reason: string, message: string): Refusal {
  return { status: 403, reason, message };
}

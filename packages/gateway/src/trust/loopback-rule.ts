/**
 * Who is this machine itself. While there are no credentials the gateway is open to it only, and a request that was forwarded,
 * or that names another host than this machine's loopback, is not from it: the first came through a proxy from who knows
 * where, the second is what a DNS-rebinding page sends. A proxy is known by what it adds, or by HTTP/1.0, which nothing else
 * speaks that has business here; one that adds nothing, or forwards TCP, cannot be told from a program on this machine.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackAddress, isLoopbackName } from '@tributary/shared/loopback';
import { forbidden, type Refusal } from './refusal.ts';

export interface Asking {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  /** As in `1.1`. */
  readonly httpVersion: string;
}

const FORWARDED = new Set(['forwarded', 'via', 'x-real-ip']);

/** @returns null when the request comes from this machine itself. */
export function refuseUnlessLoopback({ headers, remoteAddress, httpVersion }: Asking): Refusal | null {
  if (remoteAddress === undefined || !isLoopbackAddress(remoteAddress)) {
    return forbidden('not_loopback', 'only this machine itself may ask while no credentials are configured');
  }
  if (httpVersion === '1.0' || Object.keys(headers).some(isForwarded)) {
    return forbidden(
      'forwarded',
      'requests through a proxy (a header such as X-Forwarded-For or Via, or HTTP/1.0) are not taken while no credentials are configured',
    );
  }
  if (!isLoopbackName(headers.host ?? '')) {
    return forbidden(
      'foreign_host',
      'the Host header must name localhost while no credentials are configured',
    );
  }
  return null;
}

function isForwarded(header: string): boolean {
  return FORWARDED.has(header) || header.startsWith('x-forwarded-');
}

/**
 * A page of another origin gets nothing, whatever it shows: a browser adds credentials to its requests by itself, and
 * lets it open WebSockets anywhere. Programs send no Origin. For an image, a script or a link a browser sends none either, but
 * tells by Sec-Fetch-Site (Fetch Metadata, W3C) whose page asks; another port of the same machine is the `same-site`. What a person
 * has typed in or has kept as a bookmark is `none`.
 * @param ownOrigin under which the gateway is reached from outside, where a proxy names it otherwise; '' for none
 */
export function refuseForeignOrigin({ headers }: Pick<Asking, 'headers'>, ownOrigin: string): Refusal | null {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return FOREIGN;
  if (origin === undefined || (ownOrigin !== '' && origin === ownOrigin)) return null;
  const authority = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
  if (authority !== undefined && authority.toLowerCase() === host?.toLowerCase()) return null;
  return FOREIGN;
}

const FOREIGN = forbidden(
  'foreign_origin',
  'pages of other origins may not ask; from a link, open the address anew by hand',
);

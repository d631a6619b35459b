/**
 * What only programs of this very machine may do, such as push. They need no credential, so whatever else can reach loopback is
 * turned away, above all web pages in a browser on the machine. A page can send a POST to any address; what it cannot do is leave
 * out the headers by which browsers say so (https://www.w3.org/TR/fetch-metadata/, `Origin`), or, when a name server was
 * made to point its own name at 127.0.0.1, name another `Host`.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackAddress, isLoopbackName } from '@tributary/shared/loopback';

/**
 * @param deed as in "may push"
 * @returns what is wrong, for the person at the other end, or null.
 */
export function refusalOf(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
  deed: string,
): string | null {
  if (remoteAddress === undefined || !isLoopbackAddress(remoteAddress))
    return `only programs on this machine itself may ${deed}`;
  for (const name of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'])
    if (headers[name] !== undefined) return `forwarded requests are not taken (${name})`;
  if (!isLoopbackName(headers.host ?? '')) return 'the Host header has to name localhost';
  if (headers.origin !== undefined) return `web pages may not ${deed} (Origin)`;
  const site = headers['sec-fetch-site'];
  // `none` is what a person has typed into the address bar, which asks for nothing but a page.
  if (site !== undefined && site !== 'none') return `web pages may not ${deed} (Sec-Fetch-Site)`;
  return null;
}

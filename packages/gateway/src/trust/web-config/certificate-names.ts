/** The names in a certificate, as Node tells them. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

export interface SubjectAltName {
  /** As OpenSSL calls it: `DNS`, `IP Address`, `email`, `URI`, and rarer ones. */
  readonly kind: string;
  readonly name: string;
}

/** A kind, and a name that is in quotes where it has characters that could feign other names (CVE-2021-44532). */
const ENTRY = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** @returns null for a text that is not understood to its end. */
export function subjectAltNames(text: string): SubjectAltName[] | null {
  const names: SubjectAltName[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const match = ENTRY.exec(text);
    if (match === null) return null;
    const [, kind = '', written = ''] = match;
    if (!written.startsWith('"')) names.push({ kind, name: written });
    else {
      try {
        names.push({ kind, name: String(JSON.parse(written)) });
      } catch {
        return null;
      }
    }
  }
  return names;
}

/** Those that `client_allowed_sans` is held against: DNS names, addresses of mail and IP, URIs. */
export function allowableNames({ subjectAltName }: X509Certificate): string[] {
  const names = subjectAltNames(subjectAltName ?? '') ?? [];
  return names
    .filter(({ kind }) => ['DNS', 'email', 'IP Address', 'URI'].includes(kind))
    .map(({ kind, name }) => (kind === 'IP Address' ? shortAddress(name) : name));
}

/** OpenSSL writes an IPv6 address in full; people, and Go, in its short form. */
function shortAddress(address: string): string {
  if (!address.includes(':')) return address;
  const host = URL.parse(`http://[${address}]`)?.hostname;
  return host === undefined ? address : host.slice(1, -1);
}

/** What certificates of clients are held against: another one as soon as the authorities or the names that are allowed change. */
export interface ClientPolicy {
  isInForce: boolean;
}

/** Node says for ever what it found at the handshake; an authority may be trusted no longer since. */
const policies = new WeakMap<TLSSocket, ClientPolicy>();

/** To be told of each connection before anybody asks for its names: without, it has none. */
export function heldAgainst(socket: TLSSocket, policy: ClientPolicy): void {
  policies.set(socket, policy);
}

/**
 * Whom the other end of a connection is, as its certificate says and an authority of `client_ca_file` has verified: the DNS
 * names of its subject alternative names, or else its common name. Names are as they are written, of any form and case.
 * @returns null where there is no verified certificate, or no name in it, or another policy has come into force since; for a
 *   plain connection, too.
 */
export function certificateNames(socket: Socket | Duplex): readonly string[] | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  if (policies.get(socket)?.isInForce !== true) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const sans = subjectAltNames(certificate.subjectAltName ?? '');
  // What cannot be understood must not fall back to a name that the authority may not have looked at.
  if (sans === null) return null;
  const dns = sans.filter(({ kind }) => kind === 'DNS').map(({ name }) => name);
  if (dns.length > 0) return dns;
  const common: unknown = socket.getPeerCertificate().subject?.CN;
  // Of several nobody knows which is meant.
  return typeof common === 'string' && common !== '' ? [common] : null;
}

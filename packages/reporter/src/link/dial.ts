/**
 * Opens the connection under the WebSocket: through a proxy, with TLS, or both. Nothing is sent to the gateway, the
 * token least of all, before its certificate was checked, pins included.
 */
import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { TlsSettings } from '../tls/tls-files.ts';
import type { TlsOptions } from '../tls/tls-options.ts';
import { readGatewayTls } from './gateway-tls-files.ts';
import { pinsOf } from './pins.ts';
import type { HttpProxy } from './proxy-choice.ts';
import { openTunnel } from './tunnel.ts';

export interface GatewayTls extends TlsOptions {
  /** See pins.ts; without any, whoever a trusted authority vouches for is believed. */
  readonly pins: readonly string[];
  /** The gateway's own key is pinned, and neither its name nor an authority nor a date is looked at. */
  readonly pinOnly: boolean;
}

export interface Route {
  readonly url: URL;
  /** Of no use for `ws://`. */
  readonly tls: GatewayTls;
  readonly proxy: HttpProxy | null;
}

/** A chain that is longer is none that anybody would take. */
const CHAIN_MAX = 10;
export const PHASE_MS = 10_000;

/** Of each route's options what is still being read. */
const reading = new WeakMap<GatewayTls, Promise<TlsSettings>>();

/**
 * Files of certificates are read anew each time, so that they may be renewed.
 * @param timeoutMs for the files, for the proxy, and for TLS, each: so all of it ends within three of them.
 * @param read reads the files.
 * @throws Error whose message may be logged.
 */
export async function dial(
  { url, tls, proxy }: Route,
  timeoutMs = PHASE_MS,
  read: (tls: GatewayTls) => Promise<TlsSettings> = readGatewayTls,
): Promise<Socket> {
  const isTls = url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const settings = isTls || proxy?.isTls === true ? await readWithin(timeoutMs, tls, read) : null;
  const tunnel = proxy === null ? null : await openTunnel(proxy, { host, port, ca: settings?.ca, timeoutMs });
  if (settings === null || !isTls) {
    if (tunnel === null) throw new TypeError('without a proxy and TLS there is nothing to be done here');
    return tunnel;
  }
  const isNamed = isIP(host) === 0;
  const socket = connectTls({
    // A name for an address is none that TLS allows (RFC 6066, 3).
    ...(isNamed ? { servername: host } : {}),
    ...settings,
    rejectUnauthorized: settings.rejectUnauthorized && !tls.pinOnly,
    host,
    port,
    ...(tunnel === null ? {} : { socket: tunnel }),
    ALPNProtocols: ['http/1.1'],
  });
  await secured(socket, timeoutMs, tls.caFile ?? '');
  checkPins(socket, tls);
  return socket;
}

/**
 * A file on a mount that is dead answers nothing, not even an error, and keeps one of the few threads that read files; so it is not
 * asked for again before it did.
 */
async function readWithin(
  timeoutMs: number,
  tls: GatewayTls,
  read: (tls: GatewayTls) => Promise<TlsSettings>,
): Promise<TlsSettings> {
  const settings = reading.get(tls) ?? read(tls).finally(() => reading.delete(tls));
  reading.set(tls, settings);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the files of --gateway.tls could not be read within ${timeoutMs / 1000} s`;
    timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  });
  try {
    return await Promise.race([settings, late]);
  } finally {
    clearTimeout(timer);
  }
}

function secured(socket: TLSSocket, timeoutMs: number, caFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(new Error(`no TLS within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    // It stays, for an error that comes before the WebSocket listens; afterwards both promise and timer are done.
    socket.on('error', (error) =>
      reject(new Error(`${error.message}${hintFor(error, caFile)}`, { cause: error })),
    );
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed before TLS was up'));
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const UNKNOWN_AUTHORITY =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

function hintFor(error: Error, caFile: string): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (UNKNOWN_AUTHORITY.test(code))
    return caFile === ''
      ? '; name the authority that signed it with --gateway.tls.ca-file'
      : `; no authority in ${caFile} (--gateway.tls.ca-file) signed the gateway's certificate`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return ' (--gateway.tls.server-name names another to be checked)';
  return '';
}

/** Unlike `getPeerX509Certificate`, the older call tells of authorities that the server does not send along. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < CHAIN_MAX) {
    chain.push(new X509Certificate(certificate.raw));
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return chain;
}

function checkPins(socket: TLSSocket, { pins, pinOnly }: GatewayTls): void {
  if (pins.length === 0) return;
  const shown = pinsOf(chainOf(socket));
  // Who issued it says nothing where nobody has looked at the chain.
  const counted = pinOnly ? shown.slice(0, 1) : shown;
  if (counted.some((pin) => pins.includes(pin))) return;
  socket.destroy();
  throw new Error(`the gateway's key is none of --gateway.tls.pin; what it shows is ${counted.join(', ')}`);
}

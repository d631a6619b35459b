/** A way through an HTTP proxy by CONNECT (RFC 9110, 9.3.6): a socket, as if it led to the gateway itself. */
import { type RequestOptions as HttpsOptions, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { printable } from '@tributary/shared/names';
import { request as httpRequest } from '../node-http.ts';
import type { TlsSettings } from '../tls/tls-files.ts';
import { messageOf } from './error-message.ts';
import type { HttpProxy } from './proxy-choice.ts';

export interface TunnelOptions {
  /** Where to; without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** Authorities that a proxy on `https://` may have, PEM; Node.js's own unless given. */
  readonly ca?: TlsSettings['ca'];
  readonly timeoutMs: number;
}

const STATUS_CHARS_MAX = 100;

/** @throws Error that names the proxy, without its credentials. */
export function openTunnel(proxy: HttpProxy, { host, port, ca, timeoutMs }: TunnelOptions): Promise<Socket> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const { authorization, shown } = proxy;
  const options: HttpsOptions = {
    method: 'CONNECT',
    host: proxy.host,
    port: proxy.port,
    path: authority,
    headers: {
      host: authority,
      ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
    },
    agent: false,
    // Unless told, Node.js would take the name of the header, which is the gateway's.
    servername: isIP(proxy.host) === 0 ? proxy.host : '',
    ...(ca === undefined ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    const request = proxy.isTls ? httpsRequest(options) : httpRequest(options);
    const fail = (message: string, cause?: Error) => {
      clearTimeout(timer);
      reject(new Error(`the proxy ${shown}${message}`, { cause }));
    };
    const timer = setTimeout(() => {
      fail(` did not answer within ${timeoutMs / 1000} s`);
      request.destroy();
    }, timeoutMs);
    // `Connection: close` would be for this very connection.
    request.removeHeader('connection');
    request.on('error', (error) => fail(`: ${messageOf(error)}`, error));
    request.once('connect', (response, socket, head) => {
      clearTimeout(timer);
      // For an error that comes before whoever gets the socket listens; `close` tells of it as well.
      socket.on('error', () => {});
      const { statusCode = 0, statusMessage = '' } = response;
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        // Of a client's request it is a socket of node:net or node:tls.
        return resolve(socket as Socket);
      }
      socket.destroy();
      const status = `${statusCode} ${printable(statusMessage.slice(0, STATUS_CHARS_MAX))}`.trim();
      fail(` ${complaint(statusCode, authority, authorization !== null)} (${status})`);
    });
    request.end();
  });
}

function complaint(status: number, authority: string, hasCredentials: boolean): string {
  if (status === 407)
    return hasCredentials
      ? 'does not take the name and password of its URL'
      : 'wants a name and password: give them in its URL';
  if (status === 403) return `does not allow connections to ${authority}`;
  return `cannot connect to ${authority}`;
}

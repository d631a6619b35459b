/**
 * Asks a gateway or a Prometheus by HTTP, within bounds of time and bytes. What goes wrong is told as a person would want to
 * read it: who does not answer, who refuses, and what answers something else.
 */
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { parseDuration } from '@tributary/shared/units';
import { said } from './words.ts';

export interface Access {
  /** With the path that it is served under, if any. */
  readonly url: URL;
  /** `Authorization`; null for none. */
  readonly authorization: string | null;
  /** Authorities to believe in place of the usual ones, PEM; null for those. */
  readonly ca: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** In ms since 1970, by the clock of this machine: halfway between question and answer. */
  readonly at: number;
}

/**
 * - `unreachable`: nobody answers, or not in time.
 * - `refused`: 401 or 403.
 * - `strange`: an answer that is not of the program that was meant.
 * - `failed`: the program itself says that something is wrong.
 */
export type Trouble = 'unreachable' | 'refused' | 'strange' | 'failed';

export class AskError extends Error {
  override readonly name = 'AskError';
  readonly trouble: Trouble;
  /** Of HTTP; 0 where there was none. */
  readonly status: number;

  constructor(trouble: Trouble, message: string, status = 0) {
    super(message);
    this.trouble = trouble;
    this.status = status;
  }
}

export interface Bounds {
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

export const BOUNDS: Bounds = { timeoutMs: 10_000, bytesMax: 64 * 1024 * 1024 };

/** @param path with its query, below the access's own. @throws AskError */
export async function ask(access: Access, path: string, bounds: Bounds = BOUNDS): Promise<Answer> {
  const url = new URL(access.url.pathname.replace(/\/$/, '') + path, access.url);
  const startedAt = Date.now();
  const signal = AbortSignal.timeout(bounds.timeoutMs);
  try {
    const response = await open(url, {
      signal,
      agent: false,
      headers: {
        'user-agent': 'tributary-gateway-doctor',
        accept: 'application/json, text/plain;version=0.0.4;q=0.9',
        ...(access.authorization === null ? {} : { authorization: access.authorization }),
      },
      ...(access.ca === null ? {} : { ca: access.ca }),
    });
    // Of the head, not the body: a large one takes a while.
    const at = (startedAt + Date.now()) / 2;
    const text = await readText(response, bounds.bytesMax);
    return { status: response.statusCode ?? 0, headers: response.headers, text, at };
  } catch (error) {
    if (error instanceof AskError) throw error;
    const waited = `did not answer within ${bounds.timeoutMs / 1000} s`;
    const why = signal.aborted ? waited : reasonOf(error as NodeJS.ErrnoException);
    throw new AskError('unreachable', `${url.origin} ${why}`);
  }
}

function open(url: URL, options: RequestOptions & { readonly ca?: string }): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = (url.protocol === 'https:' ? requestTls : request)(url, options);
  asked.on('response', resolve);
  asked.on('error', reject);
  asked.end();
  return promise;
}

async function readText(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) {
      response.destroy();
      throw new AskError('strange', `the answer is larger than ${bytesMax / 1024 / 1024} MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** By the code of the system or of TLS. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection: nothing listens there',
  ENOTFOUND: 'cannot be found: there is no such name',
  EAI_AGAIN: 'cannot be found: the name server does not answer',
  EHOSTUNREACH: 'cannot be reached: there is no way to that machine',
  ENETUNREACH: 'cannot be reached: there is no way to that network',
  ECONNRESET: 'closed the connection without an answer; does it want https:// instead of http://?',
  HPE_INVALID_CONSTANT: 'answers with something else than HTTP; does it want https:// instead of http://?',
  EPROTO: 'does not speak TLS; does it want http:// instead of https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS; does it want http:// instead of https://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'does not speak TLS; does it want http:// instead of https://?',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for another name; give the URL with the name in it',
};
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/;

function reasonOf({ code = '', message }: NodeJS.ErrnoException): string {
  if (UNTRUSTED.test(code)) return 'shows a certificate of an authority that is not known here';
  return REASONS[code] ?? `cannot be asked: ${said(message)}`;
}

/** `data` of an answer in Prometheus's envelope. @throws AskError */
export function dataOf(answer: Answer, path: string): unknown {
  const { status, headers, text } = answer;
  const parsed = parse(text);
  const envelope = isRecord(parsed) ? parsed : null;
  const error = typeof envelope?.['error'] === 'string' ? said(envelope['error']) : '';
  if (status === 401 || status === 403) throw new AskError('refused', error, status);
  if (envelope?.['status'] === 'success' && status === 200) return envelope['data'];
  if (envelope?.['status'] === 'error') throw new AskError('failed', `HTTP ${status}: ${error}`, status);
  throw new AskError('strange', `${path} is answered with ${describe(status, headers, text)}`, status);
}

function describe(status: number, headers: Answer['headers'], text: string): string {
  const { location } = headers;
  if (location !== undefined) return `HTTP ${status} and the way to ${said(location.replace(/[?#].*/s, ''))}`;
  if (/^\s*<(!doctype|html)/i.test(text)) return `HTTP ${status} and a page of HTML`;
  const type = said(headers['content-type'] ?? 'no type');
  return `HTTP ${status} and ${parse(text) === undefined ? `a text (${type})` : 'other JSON'}`;
}

/** The clock of the other end minus this one's in ms, good to about a second; null where it does not tell. */
export function clockOffset({ headers, at }: Answer): number | null {
  const told = Date.parse(headers.date ?? '');
  // The header has whole seconds, cut off.
  return Number.isNaN(told) ? null : told + 500 - at;
}

/** What only a proxy adds to an answer; the gateway says nothing of itself. Null for nothing. */
export function proxySigns(headers: Answer['headers']): string | null {
  const names = ['via', 'server', 'x-cache', 'x-served-by', 'x-envoy-upstream-service-time', 'cf-ray'];
  const found = names.find((name) => headers[name] !== undefined);
  return found === undefined ? null : said(`${found}: ${String(headers[found])}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Everything from outside may be anything. These give what is wanted, or nothing. */
export const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const numberOf = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : 0;
/** In ms since 1970; null for none. */
export function timeOf(value: unknown): number | null {
  const ms = Date.parse(textOf(value));
  return Number.isNaN(ms) ? null : ms;
}
export const durationOf = (value: unknown): number | null => parseDuration(textOf(value)) ?? null;

/**
 * The HTTP side of one target. A connection is kept between scrapes, as Prometheus does. Redirects are followed, but who we
 * are is told to nobody whom the file does not name: neither credentials nor extra headers nor a client certificate go to
 * another scheme, host or port.
 */
import type { IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { formatSize } from '@tributary/shared/units';
import { errorCode } from '../collectors/source.ts';
import { Agent as HttpAgent, request as httpRequest } from '../node-http.ts';
import type { TlsSettings } from '../tls/tls-files.ts';
import { readBody } from './body.ts';
import type { Gate } from './gate.ts';
import { SampleLines } from './sample-lines.ts';
import { ScrapeError } from './scrape-error.ts';
import { authorizationOf, readTlsFiles, stampOfFiles } from './secret-files.ts';
import type { Target } from './target-options.ts';

export interface Answer {
  /** Inflated. */
  readonly body: Uint8Array;
  /** See body.ts. */
  readonly leave: () => void;
  /** Null where the answer does not say. */
  readonly contentType: string | null;
}

export interface ClientParts {
  readonly userAgent: string;
  /** See body.ts. */
  readonly largeBodies: Gate;
  /** See lookup.ts. */
  readonly lookup: LookupFunction;
  /** For names that only a redirect tells: they may be chosen so that they never get an answer, and keep no other waiting. */
  readonly lookupElsewhere: LookupFunction;
}

/** What the formats are that are read, the better one first; legacy names are asked for by not speaking of others. */
const ACCEPT =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const REDIRECTS_MAX = 10;
/**
 * Reading a body costs about a microsecond a line, and holds everything else meanwhile. So lines count for the size of the
 * body as if each had this many bytes, which most have; a small body may have some more.
 */
const LINE_BYTES = 128;
const LINES_FREE = 50_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type Agent = InstanceType<typeof HttpAgent> | HttpsAgent;

export class TargetClient {
  readonly #target: Target;
  readonly #parts: ClientParts;
  #agent: Agent | null = null;
  #stamp = '';
  #tls: TlsSettings | null = null;

  constructor(target: Target, parts: ClientParts) {
    this.#target = target;
    this.#parts = parts;
  }

  /**
   * Asks once.
   * @param signal ends it at any moment, with its reason.
   * @throws ScrapeError, the signal's reason, or an error of Node's: see `toScrapeError`.
   */
  async get(signal: AbortSignal): Promise<Answer> {
    const { bodyBytesMax } = this.#target;
    const response = await this.#follow(signal);
    try {
      const { bytes, leave } = await readBody(response, {
        bytesMax: bodyBytesMax,
        look: this.#lineCheck(),
        largeBodies: this.#parts.largeBodies,
        signal,
      });
      return { body: bytes, leave, contentType: response.headers['content-type'] ?? null };
    } finally {
      if (!response.readableEnded) response.destroy();
    }
  }

  /** Too many lines are known as such before the body ends, and where every sample is wanted, too many samples, too. */
  #lineCheck(): (chunk: Uint8Array) => void {
    const { keeps, samplesMax, bodyBytesMax } = this.#target;
    const linesMax = Math.max(LINES_FREE, Math.floor(bodyBytesMax / LINE_BYTES));
    const seen = new SampleLines();
    return (chunk) => {
      seen.add(chunk);
      if (keeps === null && seen.samples > samplesMax)
        throw new ScrapeError('sample_limit', `there are more samples than sample_limit, ${samplesMax}`);
      if (seen.lines > linesMax)
        throw new ScrapeError(
          'body_size',
          `there are more than the ${linesMax} lines that body_size_limit, ${formatSize(bodyBytesMax)}, allows`,
        );
    };
  }

  /** Closes the connection that was kept. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = null;
  }

  /** The first answer that is no redirect. */
  async #follow(signal: AbortSignal): Promise<IncomingMessage> {
    const { url: first, credentials, followRedirects } = this.#target;
    const authorization = await authorizationOf(credentials);
    await this.#renewAgent();
    let url = first;
    for (let redirects = 0; ; redirects++) {
      const response =
        url.origin === first.origin
          ? await this.#request(url, authorization, signal)
          : await this.#requestElsewhere(url, signal);
      const { statusCode = 0 } = response;
      if (statusCode === 200) return response;
      // What it says besides is of no use, and may be endless.
      response.destroy();
      const { location } = response.headers;
      if (!followRedirects || !REDIRECTS.has(statusCode) || location === undefined)
        throw new ScrapeError('status', `the server answered with HTTP status ${statusCode}`);
      if (redirects === REDIRECTS_MAX)
        throw new ScrapeError('redirect', `more than ${REDIRECTS_MAX} redirects`);
      url = redirectedTo(location, url);
    }
  }

  /** Files of certificates are looked at for each scrape, and read once they have changed. */
  async #renewAgent(): Promise<void> {
    const { tls, url } = this.#target;
    const stamp = await stampOfFiles(tls);
    if (this.#agent !== null && stamp === this.#stamp) return;
    this.close();
    this.#tls = await readTlsFiles(tls);
    this.#stamp = stamp;
    const settings = { keepAlive: true, maxFreeSockets: 1, lookup: this.#parts.lookup };
    this.#agent =
      url.protocol === 'https:' ? new HttpsAgent({ ...settings, ...this.#tls }) : new HttpAgent(settings);
  }

  async #request(url: URL, authorization: string | null, signal: AbortSignal): Promise<IncomingMessage> {
    const headers = {
      ...this.#target.headers,
      ...this.#headers(),
      ...(authorization === null ? {} : { authorization }),
    };
    const options = { ...(this.#agent === null ? {} : { agent: this.#agent }), headers, signal };
    try {
      return await send(url, options);
    } catch (error) {
      // The server had closed the connection that was kept before it saw the request.
      if (!(error instanceof StaleConnectionError)) throw error;
      return await send(url, options);
    }
  }

  async #requestElsewhere(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const { ca, minVersion, rejectUnauthorized } = this.#tls ?? {};
    const tls = { ...(ca === undefined ? {} : { ca }), minVersion, rejectUnauthorized };
    const { lookupElsewhere: lookup } = this.#parts;
    return await send(url, { agent: false, headers: this.#headers(), signal, lookup, ...tls });
  }

  #headers(): Readonly<Record<string, string>> {
    const { timeoutMs, enableCompression } = this.#target;
    return {
      Accept: ACCEPT,
      'Accept-Encoding': enableCompression ? 'gzip' : 'identity',
      'User-Agent': this.#parts.userAgent,
      'X-Prometheus-Scrape-Timeout-Seconds': `${timeoutMs / 1000}`,
    };
  }
}

class StaleConnectionError extends ScrapeError {}

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.once('response', resolve);
    // It may come again after the response, when reading that tells of it too.
    request.on('error', (error) => {
      const isStale = request.reusedSocket && errorCode(error) === 'ECONNRESET';
      reject(
        isStale && options.signal?.aborted !== true
          ? new StaleConnectionError('connect', error.message)
          : error,
      );
    });
    request.end();
  });
}

function redirectedTo(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ScrapeError('redirect', 'the redirect leads to no http:// or https:// URL');
  // Credentials in it are the server's own idea.
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

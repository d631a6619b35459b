/** Scrapes over one connection that is kept, read to their ends and not looked at, but where the series are counted. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { createGunzip } from 'node:zlib';
import { monotonicMs, type Span } from './clock.ts';

export interface Scraped extends Span {
  readonly seconds: number;
  /** As they came. */
  readonly bytes: number;
  readonly status: number;
}

type Headers = Readonly<Record<string, string>>;

/** What every series of the template begins with (`load/template.ts`), on a line of its own. */
const SERIES_LINE = Buffer.from('\nnode_');

export class Scraper {
  readonly #agent = new Agent({ keepAlive: true });

  async scrape(url: string, accept = 'text/plain', more: Headers = {}): Promise<Scraped> {
    const fromMs = monotonicMs();
    const response = await this.#ask(url, accept, more);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    const toMs = monotonicMs();
    return { fromMs, toMs, seconds: (toMs - fromMs) / 1000, bytes, status: response.statusCode ?? 0 };
  }

  /** @returns how many lines of the fleet's series a body has. @throws unless it is a good answer */
  async series(url: string, accept = 'text/plain', more: Headers = {}): Promise<number> {
    const response = await this.#ask(url, accept, more);
    const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response;
    let count = 0;
    // The first line may be one already.
    let rest: Buffer = Buffer.from('\n');
    for await (const chunk of body) {
      const text = Buffer.concat([rest, chunk as Buffer]);
      for (let at = text.indexOf(SERIES_LINE); at >= 0; at = text.indexOf(SERIES_LINE, at + 1)) count++;
      rest = text.subarray(-(SERIES_LINE.length - 1));
    }
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
    return count;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(url: string, accept: string, more: Headers): Promise<IncomingMessage> {
    const headers = { accept, 'accept-encoding': 'gzip', ...more };
    return await new Promise((resolve, reject) => {
      request(url, { agent: this.#agent, headers }, resolve).on('error', reject).end();
    });
  }
}

export async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
}

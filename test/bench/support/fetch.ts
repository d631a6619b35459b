/** A scrape as a scraper makes it: compressed, on a connection that is kept, read to its end and not looked at. */
import { Agent, request } from 'node:http';

export interface Scraped {
  readonly seconds: number;
  /** As they came. */
  readonly bytes: number;
  readonly status: number;
}

export class Scraper {
  readonly #agent = new Agent({ keepAlive: true });

  async scrape(
    url: string,
    accept = 'text/plain',
    more: Readonly<Record<string, string>> = {},
  ): Promise<Scraped> {
    const startedMs = performance.now();
    return await new Promise((resolve, reject) => {
      const headers = { accept, 'accept-encoding': 'gzip', ...more };
      const asked = request(url, { agent: this.#agent, headers }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('end', () =>
          resolve({
            seconds: (performance.now() - startedMs) / 1000,
            bytes,
            status: response.statusCode ?? 0,
          }),
        );
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
}

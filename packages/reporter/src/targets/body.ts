/**
 * Reads the body of an answer as it comes, inflates it on the way, and gives up at the limit: neither an endless body nor one
 * that inflates to a thousand times its size costs more than that.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { formatSize } from '@tributary/shared/units';
import type { Gate } from './gate.ts';
import { ScrapeError } from './scrape-error.ts';

export interface BodyOptions {
  /** After inflating. */
  readonly bytesMax: number;
  /** Sees each piece, inflated, and throws when that is enough. */
  readonly look: (chunk: Uint8Array) => void;
  /** Bodies that outgrow `LARGE_BYTES` pass here, so that not all targets have one in memory at the same time. */
  readonly largeBodies: Gate;
  readonly signal: AbortSignal;
}

/** What any target may have in memory, without asking the others. */
export const LARGE_BYTES = 1024 * 1024;

export interface Body {
  readonly bytes: Uint8Array;
  /** To be called once it is of no use any more: until then a large one has its place. */
  readonly leave: () => void;
}

/** @throws ScrapeError, the signal's reason, an error of the stream, or what `look` throws. */
export async function readBody(response: IncomingMessage, options: BodyOptions): Promise<Body> {
  const { bytesMax, look, largeBodies, signal } = options;
  const declared = Number(response.headers['content-length'] ?? 0);
  if (declared > bytesMax) throw tooLarge(bytesMax);
  let leave = () => {};
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of inflated(response) as AsyncIterable<Buffer>) {
      const before = length;
      length += chunk.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      look(chunk);
      if (before <= LARGE_BYTES && length > LARGE_BYTES) leave = await largeBodies.enter(signal);
      chunks.push(chunk);
    }
    return { bytes: Buffer.concat(chunks, length), leave };
  } catch (error) {
    leave();
    throw error;
  }
}

function inflated(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return response;
  if (encoding !== 'gzip')
    throw new ScrapeError('http', `the answer is encoded as ${JSON.stringify(encoding.slice(0, 40))}`);
  // Errors reach whoever reads from the gunzip; destroying that destroys the response.
  return pipeline(response, createGunzip(), () => {});
}

function tooLarge(bytesMax: number): ScrapeError {
  return new ScrapeError('body_size', `the body is larger than body_size_limit, ${formatSize(bytesMax)}`);
}

/** The gateway's words when it does not take a credential: one line of plain text. A proxy in between may answer with a page. */
import type { IncomingMessage } from 'node:http';
import { printable } from '@tributary/shared/names';

/** What is read at most; a line that is longer is none of the gateway's. */
const BYTES_MAX = 1024;
const CHARS_MAX = 200;
const WAIT_MS = 2_000;

/** @returns '' where there is nothing that could be shown. Never fails, and takes no longer than `waitMs`. */
export function readReason(response: IncomingMessage, waitMs = WAIT_MS): Promise<string> {
  return new Promise((resolve) => {
    const type = response.headers['content-type'] ?? '';
    if (!/^text\/plain\b/i.test(type)) return resolve('');
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => resolve(''), waitMs);
    const done = () => {
      clearTimeout(timer);
      resolve(bytes > BYTES_MAX ? '' : lineOf(Buffer.concat(chunks).toString()));
    };
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BYTES_MAX) chunks.push(chunk);
      else done();
    });
    response.on('end', done);
    // Cut short it may be half a sentence, which is better than none.
    response.on('close', done);
    response.on('error', done);
  });
}

function lineOf(text: string): string {
  const [line = ''] = text.trim().split(/\r?\n/);
  return printable(line.slice(0, CHARS_MAX));
}

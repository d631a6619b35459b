/** From chunks of text to the bytes of a response. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

/** Level 1: the body is repetitive, and higher levels cost several times as much for a tenth of the size. */
const GZIP = { level: 1, chunkSize: 64 * 1024 } as const;

/**
 * A stream of the chunks as UTF-8, gzip'd when asked. It makes one chunk at a time, only when the reader wants more
 * and never two in one turn of the event loop. When making one fails the stream is destroyed with that error and
 * never ends, so that half a body cannot pass for a whole one; destroying it stops the generator.
 */
export function bodyStream(chunks: Generator<string, void, undefined>, gzip: boolean): Readable {
  const plain = readableOf(chunks);
  if (!gzip) return plain;
  const zipped = createGzip(GZIP);
  // Not `pipeline`: it would report to a callback what the returned stream has to say itself.
  plain.on('error', (error) => zipped.destroy(error));
  zipped.on('close', () => plain.destroy());
  return plain.pipe(zipped);
}

function readableOf(chunks: Generator<string, void, undefined>): Readable {
  let turn: NodeJS.Immediate | undefined;
  const makeNext = (stream: Readable): void => {
    turn = setImmediate(() => {
      try {
        const { value, done } = chunks.next();
        if (done === true) stream.push(null);
        // Nothing to send yet: the next turn goes on.
        else if (value === '') makeNext(stream);
        else stream.push(Buffer.from(value, 'utf8'));
      } catch (error) {
        stream.destroy(error instanceof Error ? error : new Error('rendering failed', { cause: error }));
      }
    });
  };
  return new Readable({
    read() {
      makeNext(this);
    },
    destroy(error, callback) {
      clearImmediate(turn);
      chunks.return();
      callback(error);
    },
  });
}

/** From chunks of text to the bytes of a response. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

/** Level 1: the body is repetitive, and higher levels cost several times as much for a tenth of the size. */
const GZIP = { level: 1, chunkSize: 64 * 1024 } as const;

/** Made in one turn of the event loop, whichever comes first. One chunk a turn would be starved by hosts that stream a backlog. */
const TURN_CHARS = 256 * 1024;
const TURN_MS = 10;

/**
 * A stream of the chunks as UTF-8, gzip'd when asked. It makes some of them at a time, only when the reader wants more, and
 * never for longer than `TURN_MS` and a chunk in one turn of the event loop. When making one fails the stream is destroyed
 * with that error and never ends, so that half a body cannot pass for a whole one; destroying it stops the generator.
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
        const { text, isDone } = nextOf(chunks);
        if (text !== '') stream.push(Buffer.from(text, 'utf8'));
        // Nothing to send yet: the next turn goes on.
        else if (!isDone) makeNext(stream);
        if (isDone) stream.push(null);
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

/** As many chunks as there is time for. */
function nextOf(chunks: Generator<string, void, undefined>): { text: string; isDone: boolean } {
  const until = performance.now() + TURN_MS;
  let text = '';
  do {
    const { value, done } = chunks.next();
    if (done === true) return { text, isDone: true };
    text += value;
  } while (text.length < TURN_CHARS && performance.now() < until);
  return { text, isDone: false };
}

/** From the chunks of a body to a stream of them. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { BodyBuffers } from './body-buffers.ts';

/** Level 1: the body is repetitive, and higher levels cost several times as much for a tenth of the size. */
const GZIP = { level: 1, chunkSize: 256 * 1024 } as const;
/** One chunk is compressed by a thread of zlib while the next one is made. */
const GZIP_CHUNKS_MAX = 2;

/** One turn of the event loop makes one chunk, or looks so long for one that is not empty. */
const TURN_MS = 10;
const NOTHING = Buffer.alloc(0);

/**
 * A stream of the chunks, gzip'd when asked. It makes them one by one, only when the reader wants more (a compressed one has up to
 * two of them made before that), and never for longer than `TURN_MS` and a chunk in one turn of the event loop. When making one fails the stream is destroyed
 * with that error and never ends, so that half a body cannot pass for a whole one; destroying it stops the generator.
 * @param buffers get back the chunks that are compressed.
 */
export function bodyStream(
  chunks: Generator<Buffer, void, undefined>,
  gzip: boolean,
  buffers: BodyBuffers,
): Readable {
  return gzip ? zippedOf(chunks, buffers) : readableOf(chunks);
}

function zippedOf(chunks: Generator<Buffer, void, undefined>, buffers: BodyBuffers): Readable {
  const zipped = createGzip(GZIP);
  let turn: NodeJS.Immediate | undefined;
  let inZlib = 0;
  let isDone = false;
  const done = (chunk: Buffer): void => {
    inZlib--;
    buffers.give(chunk);
    if (turn === undefined && !isDone) makeNext();
  };
  const makeNext = (): void => {
    turn = setImmediate(() => {
      turn = undefined;
      try {
        const next = nextOf(chunks);
        if (next.chunk.length > 0) {
          inZlib++;
          // What it returns is not asked: zlib does not call back before the reader has made room for what came of it.
          zipped.write(next.chunk, () => done(next.chunk));
        }
        if (next.isDone) {
          isDone = true;
          zipped.end();
        } else if (inZlib < GZIP_CHUNKS_MAX) makeNext();
      } catch (error) {
        zipped.destroy(errorOf(error));
      }
    });
  };
  zipped.on('close', () => {
    isDone = true;
    clearImmediate(turn);
    chunks.return();
  });
  makeNext();
  return zipped;
}

function readableOf(chunks: Generator<Buffer, void, undefined>): Readable {
  let turn: NodeJS.Immediate | undefined;
  const makeNext = (stream: Readable): void => {
    turn = setImmediate(() => {
      try {
        const { chunk, isDone } = nextOf(chunks);
        if (chunk.length > 0) stream.push(chunk);
        // Nothing to send yet: the next turn goes on.
        else if (!isDone) makeNext(stream);
        if (isDone) stream.push(null);
      } catch (error) {
        stream.destroy(errorOf(error));
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

/** The next chunk with something in it; an empty one when it takes too long to find one. */
function nextOf(chunks: Generator<Buffer, void, undefined>): { chunk: Buffer; isDone: boolean } {
  const until = performance.now() + TURN_MS;
  for (;;) {
    const { value, done } = chunks.next();
    if (done === true) return { chunk: NOTHING, isDone: true };
    if (value.length > 0 || performance.now() >= until) return { chunk: value, isDone: false };
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error('rendering failed', { cause: error });
}

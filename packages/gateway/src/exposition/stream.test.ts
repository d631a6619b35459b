import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { BodyBuffers } from './body-buffers.ts';
import { createLayout } from './layout.ts';
import { render } from './render.ts';
import { RowPages } from './rows.ts';
import { bodyStream as streamOf } from './stream.ts';
import { family, hostCounts, hostPoints, point, shapeOf } from './test-support.ts';

function bodyStream(chunks: Generator<Buffer, void, undefined>, gzip: boolean) {
  return streamOf(chunks, gzip, new BodyBuffers());
}

/** Tells how far it was read and whether it was closed. */
function source(count: number, failAt = Number.POSITIVE_INFINITY) {
  const state = { made: 0, closed: false };
  function* chunks(): Generator<Buffer, void, undefined> {
    try {
      for (; state.made < count; state.made++) {
        if (state.made === failAt) throw new Error('no more');
        yield Buffer.from(`chunk ${state.made} ${'é'.repeat(40_000)}\n`);
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, chunks: chunks() };
}

const whole = [...source(20).chunks].join('');

test('plain bodies are the chunks', async () => {
  assert.equal((await buffer(bodyStream(source(20).chunks, false))).toString(), whole);
});

test("gzip'd bodies are one member that inflates to the same", async () => {
  const zipped = await buffer(bodyStream(source(20).chunks, true));
  assert.equal(gunzipSync(zipped).toString(), whole);
});

for (const gzip of [false, true]) {
  const how = gzip ? "gzip'd" : 'plain';

  test(`an empty ${how} body ends`, async () => {
    const body = await buffer(bodyStream(source(0).chunks, gzip));
    assert.equal((gzip ? gunzipSync(body) : body).length, 0);
  });

  test(`empty chunks are time of the event loop in a ${how} body, and no end`, async () => {
    function* sparse(): Generator<Buffer, void, undefined> {
      for (let i = 0; i < 100; i++) {
        const until = performance.now() + 3;
        while (performance.now() < until);
        yield Buffer.from(i % 10 === 9 ? `${i}\n` : '');
      }
    }
    let turns = 0;
    let counting = true;
    const count = () => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const body = await buffer(bodyStream(sparse(), gzip));
    counting = false;
    assert.equal((gzip ? gunzipSync(body) : body).toString().match(/\n/g)?.length, 10);
    assert.ok(turns >= 100 / 4, `${turns} turns`);
  });

  test(`a ${how} body that fails midway is destroyed and never ends`, async () => {
    const stream = bodyStream(source(20, 10).chunks, gzip);
    let ended = false;
    stream.on('end', () => {
      ended = true;
    });
    await assert.rejects(buffer(stream), /no more/);
    assert.equal(ended, false);
    assert.equal(stream.destroyed, true);
  });

  test(`a slow reader of a ${how} body holds the generator back`, async () => {
    const { state, chunks } = source(500);
    const stream = bodyStream(chunks, gzip);
    let written = 0;
    const stuck = new Writable({
      highWaterMark: 1024,
      write(_chunk, _encoding, _callback) {
        written++;
      },
    });
    stream.pipe(stuck);
    let made = -1;
    while (made !== state.made) {
      made = state.made;
      await setTimeout(100);
    }
    assert.equal(written, 1);
    // Text that repeats itself shrinks a thousandfold, so gzip takes more of it before its own buffer is full.
    assert.ok(state.made < (gzip ? 500 : 20), `${state.made} chunks were made`);
    stream.destroy();
  });

  test(`destroying a ${how} body closes the generator`, async () => {
    const { state, chunks } = source(500);
    const stream = bodyStream(chunks, gzip);
    await assert.rejects(
      pipeline(
        stream,
        new Writable({
          write(_chunk, _encoding, callback) {
            callback(new Error('the client went away'));
          },
        }),
      ),
      /went away/,
    );
    await new Promise((done) => setImmediate(done));
    assert.equal(state.closed, true);
    assert.ok(state.made < 500);
  });
}

test('the event loop has its turn between some chunks and the next', async () => {
  const { state, chunks } = source(50);
  const seen: number[] = [];
  const watch = (): void => {
    seen.push(state.made);
    if (!state.closed) setImmediate(watch);
  };
  setImmediate(watch);
  await buffer(bodyStream(chunks, false));
  for (const [i, made] of seen.entries()) assert.ok(made - (seen[i - 1] ?? 0) <= 7);
  assert.ok(seen.length >= 7, `${seen.length} turns`);
});

/** Some megabytes of a fleet whose names need more than a byte a character. */
function largeInput(): { body: (buffers: BodyBuffers) => Generator<Buffer, void, undefined>; bytes: number } {
  const shape = shapeOf(
    [
      family('plain', 'gauge', 'Hilfe für alle 😀', { zone: 'münchen 😀' }),
      family('ascii', 'histogram', '', { path: '/é' }),
    ],
    { site: 'Köln' },
  );
  const hosts = Array.from({ length: 12_000 }, (_, i) => {
    const host = `host-${String(i).padStart(5, '0')}`;
    const values = Array.from({ length: shape.length }, (_, k) => i * 1000 + k / 8);
    return hostPoints(host, shape, [point(1000 + i, values), point(2000 + i, values)].slice(0, 1 + (i % 2)));
  });
  const input = new Map([[shape, hosts]]);
  const layout = createLayout('openmetrics', hostCounts(input), []);
  const pages = new RowPages();
  const body = (buffers: BodyBuffers) => render(layout, input, [], { own: 0, bytes: 0 }, { buffers, pages });
  return { body, bytes: [...body(new BodyBuffers())].reduce((sum, { length }) => sum + length, 0) };
}

for (const readerMs of [0, 2]) {
  test(`buffers that are used again hold nothing that is still read (${readerMs} ms a chunk)`, async () => {
    const { body, bytes } = largeInput();
    const expected = Buffer.concat([...body(new BodyBuffers())]);
    assert.ok(bytes > 4e6, `${bytes} bytes`);
    const buffers = new BodyBuffers();
    const zipped: Buffer[] = [];
    for await (const chunk of streamOf(body(buffers), true, buffers)) {
      zipped.push(chunk as Buffer);
      if (readerMs > 0) await setTimeout(readerMs);
    }
    assert.ok(gunzipSync(Buffer.concat(zipped)).equals(expected));
  });
}

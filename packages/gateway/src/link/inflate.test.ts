import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib';
import { randomOf } from '@tributary/shared/random';
import * as ws from 'ws';
import { type DeflateExtension, inflateAtOnce } from './inflate.ts';

const BYTES_MAX = 1024 * 1024;
/** That of `ws`; its typings do not have it. */
const { PerMessageDeflate } = ws as unknown as {
  PerMessageDeflate: new (options: object) => DeflateExtension & { accept(offers: object[]): unknown };
};

function extensionOf(offer: object = {}): DeflateExtension {
  const extension = new PerMessageDeflate({ isServer: true, maxPayload: BYTES_MAX });
  // It changes what it is given.
  extension.accept([structuredClone(offer)]);
  extension._maxPayload = BYTES_MAX;
  return extension;
}

/** As `ws` does it, and as we do. */
function both(offer: object = {}) {
  const [theirs, ours] = [extensionOf(offer), extensionOf(offer)];
  const original = ours.decompress;
  inflateAtOnce(ours, () => false);
  assert.notEqual(ours.decompress, original);
  const say = (extension: DeflateExtension, data: Buffer, fin: boolean) =>
    promisify(extension.decompress.bind(extension))(data, fin).then(
      (inflated) => inflated,
      () => 'an error',
    );
  return {
    agree: async (data: Buffer, fin = true) => {
      const [wanted, got] = [await say(theirs, data, fin), await say(ours, data, fin)];
      assert.deepEqual(got, wanted);
      return got;
    },
    ours: (data: Buffer, fin = true) => say(ours, data, fin),
    end: () => {
      for (const extension of [theirs, ours]) extension.cleanup();
    },
  };
}

/** A sender that keeps its context. */
class Sender {
  readonly #deflate = createDeflateRaw();
  readonly #pieces: Buffer[] = [];

  constructor() {
    this.#deflate.on('data', (piece: Buffer) => this.#pieces.push(piece));
  }

  async message(text: string): Promise<Buffer> {
    this.#deflate.write(text);
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    return Buffer.concat(this.#pieces.splice(0)).subarray(0, -4);
  }
}

test('messages of one stream, in fragments and of any length', async () => {
  const random = randomOf(1);
  const sender = new Sender();
  const ends = both();
  for (let i = 0; i < 150; i++) {
    const length = random.pick([0, 1, 100, 5_000, 65_535, 65_536, 65_537, 200_000]);
    const word = String(random.below(1e9));
    const text = word.repeat(Math.ceil(length / word.length)).slice(0, length);
    const data = await sender.message(text);
    const cut = random.below(data.length + 1);
    let inflated = 0;
    if (cut > 0) inflated += (await ends.agree(data.subarray(0, cut), false))?.length ?? 0;
    inflated += (await ends.agree(data.subarray(cut)))?.length ?? 0;
    assert.equal(inflated, length);
  }
  ends.end();
});

test('a sender that ends its stream with each message, and one that keeps no context', async () => {
  const ended = both();
  for (const text of ['one', 'two two two', '']) {
    assert.equal(String(await ended.agree(deflateRawSync(text))), text);
  }
  ended.end();
  const forgetful = both({ client_no_context_takeover: [true] });
  for (const text of ['one', 'one', 'two two two']) {
    const data = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    assert.equal(String(await forgetful.agree(data)), text);
  }
  forgetful.end();
});

test('what cannot be inflated is the error that it always was, and stays it', async () => {
  for (const bytes of [[0x07], [0xff, 0xff, 0xff], [0x00, 0x01, 0x02, 0x03, 0x04]]) {
    const ends = both();
    await ends.agree(deflateRawSync('sound', { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4));
    assert.equal(typeof (await ends.agree(Buffer.from(bytes))), 'string');
    assert.equal(typeof (await ends.ours(deflateRawSync('sound'))), 'string');
    ends.end();
  }
});

test('broken bytes: the same error or the same text', async () => {
  const random = randomOf(2);
  const text = Array.from({ length: 300 }, () => String(random.below(1000))).join();
  const sound = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  let errors = 0;
  for (let i = 0; i < 300; i++) {
    const broken = Buffer.from(sound);
    const at = random.below(broken.length);
    broken[at] = (broken[at] ?? 0) ^ (1 << random.below(8));
    const ends = both();
    if (typeof (await ends.agree(broken)) === 'string') errors++;
    ends.end();
  }
  assert.ok(errors > 20 && errors < 300, `${errors} errors`);
});

test('a bomb is inflated to the bound and a piece, and what is kept is no more', async () => {
  const ends = both();
  const bomb = deflateRawSync(Buffer.alloc(64 * BYTES_MAX), { finishFlush: constants.Z_SYNC_FLUSH });
  const got = await ends.ours(bomb);
  assert.ok(got instanceof Buffer && got.length > BYTES_MAX && got.length <= BYTES_MAX + 64 * 1024);
  ends.end();
});

test('many frames at once: each is answered once, in order', async () => {
  const extension = extensionOf();
  inflateAtOnce(extension, () => false);
  const sender = new Sender();
  const messages = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => sender.message(`message ${i}`)),
  );
  assert.equal(messages.length, 5);
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    const next = (i: number) => {
      const data = messages[i];
      if (data === undefined) return resolve();
      extension.decompress(data, true, (error, inflated) => {
        assert.equal(error, null);
        heard.push(String(inflated));
        next(i + 1);
      });
    };
    next(0);
  });
  assert.equal(heard.join(''), 'message 0message 1message 2message 3message 4');
  extension.cleanup();
});

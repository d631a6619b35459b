/** What no reporter would send: each gets the answer that docs/PROTOCOL.md gives it, and costs nobody else anything. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import type { RefuseCode, RejectCode } from '@tributary/shared/errors';
import { DEFAULT_LIMITS } from '@tributary/shared/limits';
import { eventually } from './support/eventually.ts';
import { pick, readExposition } from './support/exposition.ts';
import { batch, hello, type Identity, identity, shape } from './support/frames.ts';
import { readLedger } from './support/ledger-file.ts';
import { Gateway } from './support/programs.ts';
import { UpgradeRefused, WireClient } from './support/wire-client.ts';

/** A host of its own for each test. */
function someone(): Identity {
  return identity(`host-${randomUUID()}`);
}

/** Connects, says hello and is welcome. */
async function join(t: TestContext, gateway: Gateway, who: Identity, next = 1): Promise<WireClient> {
  const client = await WireClient.connect(t, gateway.streamUrl);
  client.send(hello(who, next));
  assert.equal((await client.next('welcome'))['next'], next);
  return client;
}

async function assertRefused(client: WireClient, code: RefuseCode): Promise<void> {
  assert.equal((await client.next('refuse'))['code'], code);
  assert.equal((await client.closed).code, CLOSE_CODES[code]);
}

async function assertRejected(client: WireClient, seq: number, code: RejectCode): Promise<void> {
  const reject = await client.next('reject');
  assert.deepEqual([reject['seq'], reject['code']], [seq, code], String(reject['message']));
}

/** Waits until /metrics shows this value of the host's series; it may follow the ack by a moment. */
async function assertServed(gateway: Gateway, host: string, value: number): Promise<void> {
  await eventually(`node_load1 of ${host} is ${value}`, async () => {
    const found = pick(readExposition((await gateway.metrics()).body), 'node_load1', { host });
    return found.length === 1 && found[0]?.value === value;
  });
}

/** How often the gateway has counted a code. */
async function counted(gateway: Gateway, code: string): Promise<number> {
  const { samples } = readExposition((await gateway.metrics()).body);
  return samples
    .filter(({ name, labels }) => name.startsWith('tributary_gateway_') && labels['code'] === code)
    .reduce((sum, { value }) => sum + value, 0);
}

/** One gateway for all, because none of this may hurt it. */
class Surroundings {
  readonly gateway: Gateway;
  readonly #bystander: WireClient;
  #seq = 0;

  private constructor(gateway: Gateway, bystander: WireClient) {
    this.gateway = gateway;
    this.#bystander = bystander;
  }

  static async start(t: TestContext): Promise<Surroundings> {
    const gateway = await Gateway.start(t);
    const bystander = await join(t, gateway, identity('bystander'));
    bystander.send(shape(1));
    return new Surroundings(gateway, bystander);
  }

  /** Asserts that another host's connection has noticed nothing. */
  async nobodyHurt(): Promise<void> {
    const seq = ++this.#seq;
    this.#bystander.send(batch(seq, { 1: [seq] }));
    await this.#bystander.acked(seq);
    await assertServed(this.gateway, 'bystander', seq);
    assert.equal((await fetch(`${this.gateway.url}/-/healthy`)).status, 200);
  }
}

const BAD_FRAMES: [title: string, frame: string | Buffer | object][] = [
  ['not JSON', 'hello?'],
  ['an unfinished object', '{"kind":"batch"'],
  ['JSON that is no object', '[1,2]'],
  ['null', 'null'],
  ['an unknown kind', { kind: 'greeting' }],
  ['no kind', {}],
  ['a seq that is no number', { ...batch(1, {}), seq: '1' }],
  ['a second hello', hello(identity('web-9'))],
  ['a binary frame', Buffer.from('{"kind":"bye","reason":"x"}')],
];

const REJECTED: [title: string, code: RejectCode, shape: object | null, values: readonly unknown[]][] = [
  ['an undeclared shape', 'UNKNOWN_SHAPE', null, [1]],
  ['a column of another length', 'WRONG_LENGTH', shape(2), [1, 2]],
  ['a value that is none', 'INVALID_VALUE', shape(2), ['1e3']],
  ['a name that Prometheus 2 cannot read', 'INVALID_NAME', shape(2, { name: 'a-b' }), [1]],
  [
    'a label name that Prometheus 2 cannot read',
    'INVALID_LABEL',
    shape(2, { seriesLabels: { '1a': 'x' } }),
    [1],
  ],
  ['series of two shapes that are one', 'DUPLICATE_SERIES', shape(2), [1]],
];

test('bad input', async (t) => {
  const around = await Surroundings.start(t);
  const { gateway } = around;

  for (const [title, frame] of BAD_FRAMES) {
    await t.test(`${title}: BAD_FRAME`, async (t) => {
      const who = someone();
      const before = await counted(gateway, 'BAD_FRAME');
      const client = await join(t, gateway, who);
      client.send(frame);
      await assertRefused(client, 'BAD_FRAME');
      assert.equal(await counted(gateway, 'BAD_FRAME'), before + 1);
      await around.nobodyHurt();
    });
  }

  await t.test('no hello first: BAD_FRAME', async (t) => {
    const client = await WireClient.connect(t, gateway.streamUrl);
    client.send(shape(1));
    await assertRefused(client, 'BAD_FRAME');
    await around.nobodyHurt();
  });

  await t.test('a frame above the limit: FRAME_TOO_LARGE', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(JSON.stringify({ ...batch(1, {}), padding: 'x'.repeat(DEFAULT_LIMITS.frameBytesMax) }));
    await assertRefused(client, 'FRAME_TOO_LARGE');
    await around.nobodyHurt();
  });

  await t.test('another subprotocol does not get a connection', async (t) => {
    await assert.rejects(
      WireClient.connect(t, gateway.streamUrl, { subprotocol: 'tributary.v0' }),
      (error: unknown) => error instanceof UpgradeRefused && error.status >= 400 && error.status < 500,
    );
    await around.nobodyHurt();
  });

  for (const [title, code, bad, values] of REJECTED) {
    await t.test(`${title}: the group is rejected with ${code}, the rest is served`, async (t) => {
      const who = someone();
      const before = await counted(gateway, code);
      const client = await join(t, gateway, who);
      client.send(shape(1));
      if (bad !== null) client.send(bad);
      client.send(batch(1, { 1: [7], 2: values }));
      await assertRejected(client, 1, code);
      await client.acked(1);
      client.send(batch(2, { 1: [8] }));
      await client.acked(2);
      await assertServed(gateway, who.host, 8);
      assert.equal(await counted(gateway, code), before + 1);
      await around.nobodyHurt();
    });
  }

  await t.test('a point from the future: FUTURE', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(shape(1));
    client.send(batch(1, { 1: [7] }, Date.now() + 10 * 60_000));
    await assertRejected(client, 1, 'FUTURE');
    client.send(batch(2, { 1: [8] }));
    await client.acked(2);
    await assertServed(gateway, who.host, 8);
    await around.nobodyHurt();
  });

  await t.test('a hole in the seqs: SEQ_GAP', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(shape(1));
    client.send(batch(1, { 1: [1] }));
    client.send(batch(3, { 1: [3] }));
    await assertRefused(client, 'SEQ_GAP');
    // What was in order stands.
    const again = await join(t, gateway, who, 2);
    await again.close();
    await around.nobodyHurt();
  });

  await t.test('a settled seq again: nothing twice, and SEQ_CONFLICT for another content', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    const first = batch(1, { 1: [1] });
    client.send(shape(1));
    client.send(first);
    await client.acked(1);
    client.send(first);
    client.send(batch(2, { 1: [2] }));
    await client.acked(2);
    assert.deepEqual(
      readLedger(gateway.storagePath, who.host).map(({ seq }) => seq),
      [1, 2],
    );
    client.send(batch(2, { 1: [99] }));
    await assertRefused(client, 'SEQ_CONFLICT');
    await assertServed(gateway, who.host, 2);
    await around.nobodyHurt();
  });

  await t.test('one id for two shapes: SHAPE_CONFLICT', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(shape(1));
    client.send(shape(1, { name: 'node_load5' }));
    await assertRefused(client, 'SHAPE_CONFLICT');
    await around.nobodyHurt();
  });

  await t.test('a second voice of a connected host: DUPLICATE_HOST, and the first goes on', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(shape(1));
    const other = await WireClient.connect(t, gateway.streamUrl);
    other.send(hello(identity(who.host)));
    await assertRefused(other, 'DUPLICATE_HOST');
    client.send(batch(1, { 1: [1] }));
    await client.acked(1);
    await around.nobodyHurt();
  });

  await t.test('the same run again takes over at once', async (t) => {
    const who = someone();
    const first = await join(t, gateway, who);
    first.send(shape(1));
    first.send(batch(1, { 1: [1] }));
    await first.acked(1);
    const second = await join(t, gateway, who, 2);
    assert.equal((await first.closed).code, CLOSE_CODES.REPLACED);
    second.send(shape(1));
    second.send(batch(2, { 1: [2] }));
    await second.acked(2);
    await assertServed(gateway, who.host, 2);
  });

  await t.test('a skip settles what it passes', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(shape(1));
    client.send({ kind: 'skip', from: 1, to: 3, reason: 'too_large' });
    client.send(batch(4, { 1: [4] }));
    await client.acked(4);
    const entries = readLedger(gateway.storagePath, who.host).map(({ seq, lastSeq }) => [seq, lastSeq]);
    assert.deepEqual(entries, [
      [1, 3],
      [4, 4],
    ]);
  });

  await t.test('a connection that is cut in mid-frame is only gone', async (t) => {
    const who = someone();
    const client = await join(t, gateway, who);
    client.send(shape(1));
    client.send(batch(1, { 1: [1] }));
    await client.acked(1);
    client.cut();
    await eventually('the host is down', async () => {
      const { samples } = readExposition((await gateway.metrics()).body);
      return samples.some(
        ({ name, labels, value }) =>
          name === 'tributary_host_up' && labels['host'] === who.host && value === 0,
      );
    });
    await around.nobodyHurt();
  });
});

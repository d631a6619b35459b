import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CLOSE_CODES } from '@tributary/shared/close-codes';
import { encodeBatchFrame, encodeFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import type { GatewayFrame, Hello } from '@tributary/shared/frames';
import { DEFAULT_LIMITS, HELLO_MS_MAX, SILENCE_MS_MAX, TAKEOVER_SILENCE_MS } from '@tributary/shared/limits';
import type { Ledger } from '../ledger/ledger.ts';
import { SqliteLedger } from '../ledger/sqlite/sqlite-ledger.ts';
import { HostRates, type RateLimits } from '../limits/host-rates.ts';
import { Connection, PENDING_BYTES_MAX } from './connection.ts';
import { ANYONE } from './identity.ts';
import { delegate, openLedger, silentObserver } from './link-test-support.ts';
import type { LinkObserver } from './observer.ts';
import { ShapeRegistry } from './shape-registry.ts';
import { AMPLE_RATES, FakeClock, gauges, helloOf, NOW } from './test-support.ts';
import { Voices } from './voices.ts';

/** A connection on a real ledger; the wire writes down. */
class Line {
  readonly sent: GatewayFrame[] = [];
  readonly did: string[] = [];
  readonly faults: unknown[] = [];
  paceMs = 0;
  readonly connection: Connection;

  constructor(
    ledger: Ledger,
    clock: FakeClock,
    voices: Voices,
    observer: Partial<LinkObserver> = {},
    rates: RateLimits = AMPLE_RATES,
  ) {
    this.connection = new Connection(
      {
        identity: ANYONE,
        limits: DEFAULT_LIMITS,
        clock,
        uptimeMs: clock.uptimeMs,
        shapes: new ShapeRegistry(),
        voices,
        rates: new HostRates(() => rates, clock.uptimeMs),
        times: new Map(),
        observer: silentObserver(observer),
        delivered: () => 0,
        isOneTooMany: () => false,
        isFull: () => false,
        clockIsWrong: () => false,
        horizonMs: () => 1,
        paceMs: () => this.paceMs,
        address: '',
      },
      ledger,
      {
        send: (text) => this.sent.push(JSON.parse(text) as GatewayFrame),
        close: (code) => this.did.push(`close ${code}`),
        pause: () => this.did.push('pause'),
        resume: () => this.did.push('resume'),
      },
      (error) => this.faults.push(error),
    );
  }

  say(text: string): void {
    this.connection.receive(Buffer.from(text));
  }

  hello(over: Partial<Hello> = {}): void {
    this.say(encodeFrame(helloOf(over)));
  }

  batch(seq: number): void {
    if (seq === 1) this.shape();
    this.say(encodeBatchFrame(seq, NOW + seq, '[{"shape":1,"values":[1]}]'));
  }

  shape(): void {
    this.say(encodeShapeFrame(1, encodeShapeBody({ labels: {}, families: gauges('a') })));
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await turn();
  }

  async open(over: Partial<Hello> = {}): Promise<this> {
    this.hello(over);
    await this.until(() => this.sent.length > 0);
    return this;
  }

  kinds(): string[] {
    return this.sent.map((frame) => (frame.kind === 'ack' ? `ack ${frame.seq}` : frame.kind));
  }
}

async function bench(t: TestContext, over: Partial<Ledger> = {}) {
  const real = await openLedger(t, SqliteLedger.open);
  const ledger = delegate(real, over);
  const clock = new FakeClock();
  const voices = new Voices();
  const line = (observer?: Partial<LinkObserver>, rates?: RateLimits) =>
    new Line(ledger, clock, voices, observer, rates);
  return { ledger: real, clock, voices, line };
}

test('batches go to the disk and are acked, several by one ack', async (t) => {
  const released: (() => void)[] = [];
  const { ledger, line } = await bench(t, {
    append: (host, epoch, entries) => {
      const stored = ledger.append(host, epoch, entries);
      return new Promise((resolve) => released.push(() => void stored.then(resolve)));
    },
  });
  const one = await line().open();
  for (const seq of [1, 2, 3]) one.batch(seq);
  assert.deepEqual(one.kinds(), ['welcome']);
  await ledger.hosts();
  for (const release of released) release();
  await one.until(() => one.sent.length > 1);
  await turn();
  assert.deepEqual(one.kinds(), ['welcome', 'ack 3']);
  assert.equal((await ledger.read('web-1', 0, 10)).length, 3);
});

test('the fleet is told of entries only once they are durable, in the order of the ledger', async (t) => {
  const { ledger, line } = await bench(t);
  const told: number[] = [];
  const one = await line({
    settled: (_host, entries) => void told.push(...entries.map(({ seq }) => seq)),
  }).open();
  for (let seq = 1; seq <= 20; seq++) one.batch(seq);
  assert.deepEqual(told, []);
  await one.until(() => told.length === 20);
  assert.deepEqual(
    told,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.equal((await ledger.read('web-1', 0, 100)).length, 20);
});

test('a takeover in the middle of a stream goes on right behind what the old connection handed over', async (t) => {
  const { ledger, line } = await bench(t);
  const old = await line().open();
  for (let seq = 1; seq <= 30; seq++) old.batch(seq);
  const young = line();
  young.hello({ next: 41 });
  // What the old one still says is not heard any more.
  old.batch(31);
  await young.until(() => young.sent.length > 0);
  const [welcome] = young.sent;
  assert.ok(welcome?.kind === 'welcome');
  assert.equal(welcome.next, 31);
  assert.deepEqual(old.did, [`close ${CLOSE_CODES.REPLACED}`]);
  young.shape();
  for (let seq = 31; seq <= 40; seq++) young.batch(seq);
  await young.until(() => young.kinds().includes('ack 40'));
  assert.deepEqual(
    (await ledger.read('web-1', 0, 100)).map(({ seq }) => seq),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
});

test('above the bound of what is pending the socket is not read, below half of it it is again', async (t) => {
  const health = { failure: null, pendingBytes: 0 };
  const { clock, line } = await bench(t, { health });
  const one = await line().open();
  health.pendingBytes = PENDING_BYTES_MAX + 1;
  one.batch(1);
  one.connection.tick();
  assert.deepEqual(one.did, ['pause']);
  // It cannot be heard, and that is not its fault.
  for (let i = 0; i < 3; i++) {
    clock.pass(SILENCE_MS_MAX - 1);
    one.connection.tick();
  }
  health.pendingBytes = PENDING_BYTES_MAX / 2 + 1;
  one.connection.tick();
  assert.deepEqual(one.did, ['pause']);
  health.pendingBytes = 0;
  one.connection.tick();
  assert.deepEqual(one.did, ['pause', 'resume']);
  clock.pass(SILENCE_MS_MAX + 1);
  one.connection.tick();
  assert.deepEqual(one.did, ['pause', 'resume', `close ${CLOSE_CODES.SILENT}`]);
});

test('one that is not read is not blamed for its silence, but a new run of its spool takes over once it was not heard for long', async (t) => {
  const health = { failure: null, pendingBytes: PENDING_BYTES_MAX + 1 };
  const { clock, voices, line } = await bench(t, { health });
  const old = await line().open();
  old.connection.tick();
  assert.deepEqual(old.did, ['pause']);
  clock.pass(TAKEOVER_SILENCE_MS - 1);
  old.connection.tick();
  const early = line();
  early.hello({ run: 'run-2' });
  assert.deepEqual(early.did, [`close ${CLOSE_CODES.DUPLICATE_HOST}`]);
  clock.pass(1);
  old.connection.tick();
  const restarted = await line().open({ run: 'run-2' });
  assert.equal(voices.of('web-1'), restarted.connection.session);
  assert.deepEqual(old.did, ['pause', `close ${CLOSE_CODES.REPLACED}`]);
});

test('while the ledger is full a hello is read still: who has said nothing yet is not blamed for silence', async (t) => {
  const health = { failure: null, pendingBytes: PENDING_BYTES_MAX + 1 };
  const { clock, line } = await bench(t, { health });
  const one = line();
  for (let waited = 0; waited < HELLO_MS_MAX; waited += 5000) {
    one.connection.tick();
    clock.pass(5000);
  }
  assert.deepEqual(one.did, []);
  await one.open();
  assert.deepEqual(one.kinds(), ['welcome']);
  assert.deepEqual(one.did, ['pause'], 'its batches wait');
});

test('a ledger that is closing sends its hosts away for a while', async (t) => {
  const { ledger, line } = await bench(t);
  const one = await line().open();
  await ledger.close();
  one.batch(1);
  await one.until(() => one.did.length > 0);
  const last = one.sent.at(-1);
  assert.ok(last?.kind === 'refuse' && last.code === 'DRAINING' && last.retryAfterMs !== undefined);
  assert.deepEqual([one.did, one.faults], [[`close ${CLOSE_CODES.DRAINING}`], []]);
  const late = line();
  late.hello();
  await late.until(() => late.did.length > 0);
  assert.deepEqual(late.kinds(), ['refuse']);
});

test('an error of our own is told once, and nothing more is taken from the connection', async (t) => {
  const failure = new Error('disk on fire');
  const { voices, line } = await bench(t, { append: () => Promise.reject(failure) });
  const closed: string[] = [];
  const one = await line({ closed: (host) => void closed.push(host) }).open();
  for (const seq of [1, 2, 3]) one.batch(seq);
  await one.until(() => one.faults.length > 0);
  await turn();
  one.batch(4);
  await turn();
  assert.deepEqual(one.faults, [failure]);
  assert.deepEqual([voices.size, closed], [0, ['web-1']]);
  assert.deepEqual(one.kinds(), ['welcome']);
});

test('draining says what is on disk before it says good-bye', async (t) => {
  const { ledger, line } = await bench(t);
  const one = await line().open();
  one.batch(1);
  // Answered behind the append: it is settled, and its ack is due but not sent.
  await ledger.hosts();
  one.connection.drain(250);
  assert.deepEqual(one.kinds(), ['welcome', 'ack 1', 'refuse']);
  assert.deepEqual(one.did, [`close ${CLOSE_CODES.DRAINING}`]);
  assert.equal((await ledger.read('web-1', 0, 10)).length, 1);
});

test('a batch that needs what an earlier process knew waits for the ledger, and the socket is not read meanwhile', async (t) => {
  const { line, ledger } = await bench(t);
  const first = await line().open();
  for (const seq of [1, 2]) first.batch(seq);
  await first.until(() => first.kinds().includes('ack 2'));
  first.connection.session.gone();
  // Nothing is known to this one but what the ledger says.
  const second = await line().open();
  second.shape();
  second.say(encodeBatchFrame(3, NOW + 20, `[{"shape":1,"values":[1],"at":${NOW + 2}}]`));
  second.say(encodeBatchFrame(4, NOW + 30, `[{"shape":1,"values":[1],"at":${NOW + 3}}]`));
  assert.deepEqual(second.did, ['pause']);
  await second.until(() => second.kinds().includes('ack 4'));
  assert.deepEqual(second.did, ['pause', 'resume']);
  const kept = await ledger.read('web-1', 2, 10);
  assert.deepEqual(
    kept.map((entry) => (entry.kind === 'batch' ? entry.seq : entry.reason)),
    ['dropped:repeat', 4],
  );
});

test('a wish for another pace is told once, on a new connection after its welcome, and taken back', async (t) => {
  const { line } = await bench(t);
  const one = line();
  one.paceMs = 30_000;
  one.connection.tick();
  assert.deepEqual(one.kinds(), []);
  await one.open();
  for (let i = 0; i < 3; i++) one.connection.tick();
  one.paceMs = 0;
  for (let i = 0; i < 3; i++) one.connection.tick();
  assert.deepEqual(one.sent.slice(1), [
    { kind: 'pace', intervalMs: 30_000 },
    { kind: 'pace', intervalMs: 1 },
  ]);
});

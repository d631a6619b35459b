/** StatsD over real sockets. */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { type TestContext, test } from 'node:test';
import { keepingLog, ownOf, told, until } from '../test-support.ts';
import { StatsdFeed, type StatsdFeedOptions } from './statsd-feed.ts';

class Setup {
  readonly log = keepingLog();
  readonly feed: StatsdFeed;
  readonly socket: Socket;
  readonly #host: string;
  now = 1000;

  constructor(t: TestContext, options: Partial<StatsdFeedOptions> = {}) {
    this.feed = new StatsdFeed({
      address: { host: '127.0.0.1', port: 0 },
      bounds: [0.1, 1],
      expireAfterMs: 0,
      statics: new Map([['env', 'test']]),
      log: this.log,
      monotonic: () => this.now,
      ...options,
    });
    this.#host = options.address?.host ?? '127.0.0.1';
    this.socket = createSocket(this.#host === '::1' ? 'udp6' : 'udp4');
    t.after(async () => {
      this.socket.close();
      await this.feed.stop();
    });
  }

  static async start(t: TestContext, options: Partial<StatsdFeedOptions> = {}): Promise<Setup> {
    const setup = new Setup(t, options);
    setup.feed.start();
    await until(() => setup.feed.port !== null);
    return setup;
  }

  /** Sends packets, and waits until they have come in. */
  async send(...packets: readonly (string | Buffer)[]): Promise<void> {
    const before = await this.own('packets_total');
    for (const packet of packets) {
      await new Promise<void>((resolve, reject) =>
        this.socket.send(packet, this.feed.port ?? 0, this.#host, (error) =>
          error === null ? resolve() : reject(error),
        ),
      );
    }
    await until(async () => (await this.own('packets_total')) === before + packets.length);
  }

  async own(name: string): Promise<number> {
    return (await ownOf(this.feed)).get(`statsd_${name}`) ?? Number.NaN;
  }
}

test('packets of lines become series of the job statsd', async (t) => {
  const setup = await Setup.start(t);
  await setup.send('a.b:1|c\nc:2|g\r\n\n', 'a.b:2|c|#x:y');
  const shown = ['a_b{env=test,job=statsd} 1', 'a_b{env=test,job=statsd,x=y} 2', 'c{env=test,job=statsd} 2'];
  assert.deepEqual(told(setup.feed), shown);
  assert.deepEqual(told(setup.feed), shown);
  assert.deepEqual(
    [await setup.own('lines_total'), await setup.own('series'), await setup.own('listening')],
    [3, 3, 1],
  );
  assert.equal(await setup.own('events_total{type=counter}'), 2);
});

test('over IPv6, too', async (t) => {
  const setup = await Setup.start(t, { address: { host: '::1', port: 0 } });
  await setup.send('a:1|c');
  assert.deepEqual(told(setup.feed), ['a{env=test,job=statsd} 1']);
});

test('what is wrong is counted by reason, and said once an hour', async (t) => {
  const setup = await Setup.start(t);
  await setup.send(
    'nothing\na:1|c|#x\na:1|x',
    'nothing\na:-1|c',
    Buffer.from('b:1|c\n\xff:1|c\nd:1|c', 'latin1'),
  );
  assert.equal(await setup.own('sample_errors_total{reason=malformed_line}'), 3);
  assert.equal(await setup.own('sample_errors_total{reason=illegal_event}'), 1);
  assert.equal(await setup.own('sample_errors_total{reason=illegal_negative_counter}'), 1);
  assert.equal(await setup.own('tag_errors_total'), 1);
  assert.deepEqual(
    told(setup.feed).map((line) => line[0]),
    ['a', 'b', 'd'],
  );
  const warnings = setup.log.lines.filter((line) => line.startsWith('warn'));
  assert.deepEqual(
    warnings.map((line) => /"reason":"(\w+)"/.exec(line)?.[1]),
    ['malformed_line', 'illegal_event', 'illegal_negative_counter'],
  );
  setup.now += 3_600_000;
  await setup.send('nothing', 'nothing');
  assert.equal(setup.log.lines.filter((line) => line.startsWith('warn')).length, 4);
});

test('a flood gets its share of the time, and no more', async (t) => {
  // Each look at the clock takes a millisecond here, so that each packet that is read takes one.
  let now = 0;
  const setup = await Setup.start(t, { monotonic: () => now++, budget: { stretchMs: 1000, shareMs: 10 } });
  await setup.send(...Array.from({ length: 30 }, () => 'a:1|c'));
  assert.equal(await setup.own('dropped_packets_total'), 20);
  assert.deepEqual(told(setup.feed), ['a{env=test,job=statsd} 10']);
  now += 1000;
  await setup.send('a:1|c');
  assert.equal(await setup.own('dropped_packets_total'), 20);
  assert.equal(setup.log.lines.filter((line) => line.includes('overload')).length, 1);
});

test('series that nobody sends expire when that was asked for', async (t) => {
  const setup = await Setup.start(t, { expireAfterMs: 60_000 });
  await setup.send('a:1|c', 't:1|h');
  setup.now += 60_000;
  await setup.send('a:1|c');
  assert.equal(told(setup.feed).length, 6);
  setup.now += 1;
  assert.deepEqual(told(setup.feed), ['a{env=test,job=statsd} 2']);
  assert.equal(await setup.own('expired_series_total'), 5);
});

test('a port that is taken is said once, and costs nothing else', async (t) => {
  const first = await Setup.start(t);
  const second = new Setup(t, { address: { host: '127.0.0.1', port: first.feed.port ?? 0 } });
  second.feed.start();
  await until(() => second.log.lines.length > 0);
  assert.match(
    second.log.lines.join('\n'),
    /^error cannot listen for StatsD; it is tried again .*EADDRINUSE/,
  );
  assert.deepEqual(told(second.feed), []);
  assert.equal(await second.own('listening'), 0);
});

/** The replay over real HTTP connections: what moves a cursor, and what does not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@tributary/shared/clock';
import { encodeBatchFrame, encodeFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import { type GatewayFrame, STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import { WebSocket } from 'ws';
import { startGateway } from './gateway.ts';
import { gauges, helloOf } from './link/test-support.ts';
import { type KeptLog, keepLog, makeOptions } from './wiring-test-support.ts';

const PROMETHEUS = {
  'x-prometheus-scrape-timeout-seconds': '10',
  'user-agent': 'Prometheus/3.5.3',
  accept: 'application/openmetrics-text;version=1.0.0',
};

class Bench {
  readonly #url: string;
  readonly log: KeptLog;
  #socket: WebSocket | null = null;
  #frames: GatewayFrame[] = [];
  #seq = 0;
  #at = systemClock.now() - 30_000;

  static async start(t: TestContext, ...argv: string[]): Promise<Bench> {
    const options = await makeOptions(t, '--replay.overlap=0s', ...argv);
    const log = keepLog();
    const gateway = await startGateway(options, log, (error) => assert.fail(error.message));
    t.after(() => gateway.stop());
    const bench = new Bench(gateway.url, log);
    await bench.connect();
    return bench;
  }

  private constructor(url: string, log: KeptLog) {
    this.#url = url;
    this.log = log;
  }

  /** Comes as web-1, with an empty spool. */
  async connect(): Promise<void> {
    const socket = new WebSocket(this.#url.replace('http', 'ws') + STREAM_PATH, SUBPROTOCOL);
    this.#socket = socket;
    this.#frames = [];
    this.#seq = 0;
    socket.on('message', (data) => this.#frames.push(JSON.parse(String(data)) as GatewayFrame));
    await once(socket, 'open');
    socket.send(encodeFrame(helloOf({ clock: systemClock.now() })));
    await this.#until(({ kind }) => kind === 'welcome');
    socket.send(encodeShapeFrame(1, encodeShapeBody({ labels: {}, families: gauges('a') })));
  }

  async leave(): Promise<void> {
    this.#socket?.close();
    if (this.#socket !== null) await once(this.#socket, 'close');
  }

  /** Sends so many batches of the gauge `a`, whose values are their seqs. @returns the last ack */
  async send(count: number): Promise<Extract<GatewayFrame, { kind: 'ack' }>> {
    for (let i = 0; i < count; i++) {
      this.#seq++;
      this.#at += 100;
      this.#socket?.send(encodeBatchFrame(this.#seq, this.#at, `[{"shape":1,"values":[${this.#seq}]}]`));
    }
    const ack = await this.#until((frame) => frame.kind === 'ack' && frame.seq === this.#seq);
    assert.ok(ack.kind === 'ack');
    return ack;
  }

  async ask(path: string, options: RequestOptions = {}): Promise<{ status: number; text: string }> {
    const asked = request(this.#url + path, options).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
  }

  /** The values of `a` that a scrape brings. */
  async scrape(agent: Agent, path = '/metrics?scraper=p', headers = {}): Promise<number[]> {
    const { status, text } = await this.ask(path, { agent, headers: { ...PROMETHEUS, ...headers } });
    assert.equal(status, 200);
    assert.ok(text.endsWith('# EOF\n'));
    return [...text.matchAll(/^a\{instance="web-1",job="node",host="web-1"\} (\d+) \S+$/gm)].map((match) =>
      Number(match[1]),
    );
  }

  async api(
    path: string,
    method = 'GET',
  ): Promise<{ status: number; body: { data: unknown; error?: string } }> {
    const { status, text } = await this.ask(path, { method });
    return { status, body: JSON.parse(text) as { data: unknown; error?: string } };
  }

  async #until(fits: (frame: GatewayFrame) => boolean): Promise<GatewayFrame> {
    for (;;) {
      const found = this.#frames.find(fits);
      if (found !== undefined) return found;
      assert.ok(this.#socket);
      await once(this.#socket, 'message');
    }
  }
}

function connection(t: TestContext): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  return agent;
}

test('a connection that is used again moves the cursor; one that ends does not', async (t) => {
  const bench = await Bench.start(t);
  const first = connection(t);
  assert.deepEqual(await bench.scrape(first), []);
  await bench.send(3);
  assert.deepEqual(await bench.scrape(first), [1, 2, 3]);
  first.destroy();
  const second = connection(t);
  assert.deepEqual(await bench.scrape(second), [1, 2, 3], 'it may not have been stored');
  await bench.send(2);
  assert.deepEqual(await bench.scrape(second), [4, 5]);
  await bench.ask('/-/ready', { agent: second });
  assert.deepEqual(await bench.scrape(second), [5], 'nothing is new: the newest point again');
});

test('whoever is no scraper moves nothing', async (t) => {
  const bench = await Bench.start(t);
  const agent = connection(t);
  await bench.scrape(agent);
  await bench.send(2);
  const { text } = await bench.ask('/metrics?scraper=p', { agent: connection(t) });
  assert.match(text, /^a\{.*\} 2 \d+$/m);
  assert.deepEqual(await bench.scrape(agent), [1, 2]);
});

test('HTTP/1.0 manners are a proxy’s: the same comes until two bodies have repeated it', async (t) => {
  const bench = await Bench.start(t);
  const scrape = () => bench.scrape(new Agent(), '/metrics?scraper=p', { connection: 'close' });
  await scrape();
  await bench.send(2);
  for (let i = 0; i < 3; i++) assert.deepEqual(await scrape(), [1, 2]);
  await bench.send(1);
  assert.deepEqual(await scrape(), [3]);
});

test('without a name a connection goes on from where its address was', async (t) => {
  const bench = await Bench.start(t);
  const [first, second] = [connection(t), connection(t)];
  await bench.scrape(first, '/metrics');
  await bench.send(2);
  assert.deepEqual(await bench.scrape(first, '/metrics'), [1, 2]);
  await bench.scrape(first, '/metrics');
  await bench.send(1);
  assert.deepEqual(await bench.scrape(second, '/metrics'), [3]);
});

test('acks tell what every scraper has taken', async (t) => {
  const bench = await Bench.start(t);
  const agent = connection(t);
  await bench.scrape(agent);
  assert.equal((await bench.send(2)).delivered, 0);
  await bench.scrape(agent);
  await bench.scrape(agent);
  await bench.scrape(agent);
  assert.equal((await bench.send(1)).delivered, 2);
});

test('the API shows scrapers, sets one back, and forgets one', async (t) => {
  const bench = await Bench.start(t);
  const agent = connection(t);
  await bench.scrape(agent);
  await bench.send(3);
  await bench.scrape(agent);
  await bench.scrape(agent);
  const [scraper] = (await bench.api('/api/v1/scrapers')).body.data as Record<string, unknown>[];
  assert.deepEqual(
    [scraper?.['scraper'], scraper?.['takenSamples'], scraper?.['pendingSamples']],
    ['p', 3, 0],
  );
  assert.equal((await bench.api('/api/v1/scrapers/p/rewind?to=1h', 'POST')).status, 200);
  assert.deepEqual(await bench.scrape(agent), [1, 2, 3]);
  assert.equal((await bench.api('/api/v1/scrapers/p/rewind?to=0s', 'POST')).status, 200);
  assert.deepEqual(await bench.scrape(agent), [3], 'nothing is left but the newest point');
  const [passed] = (await bench.api('/api/v1/scrapers')).body.data as Record<string, unknown>[];
  // All of it had been taken before it was set back, so nothing is lost.
  assert.match(JSON.stringify(passed), /"rewind":0/);
  assert.equal((await bench.api('/api/v1/scrapers/p', 'DELETE')).status, 200);
  assert.deepEqual((await bench.api('/api/v1/scrapers')).body.data, []);
  for (const [path, method] of [
    ['/api/v1/scrapers/nobody', 'DELETE'],
    ['/api/v1/scrapers/nobody/rewind?to=1h', 'POST'],
  ] as const)
    assert.equal((await bench.api(path, method)).status, 404);
});

test('the log tells what becomes of scrapers', async (t) => {
  const bench = await Bench.start(t, '--replay.window=20m');
  const agents = [connection(t), connection(t)] as const;
  // Two that share a name by mistake.
  for (let i = 0; i < 5; i++)
    for (const agent of agents) await bench.scrape(agent, '/metrics?scraper=p&window=1h');
  await bench.api('/api/v1/scrapers/p/rewind?to=1h', 'POST');
  await bench.api('/api/v1/scrapers/p', 'DELETE');
  const told = bench.log.lines.filter((line) => line.includes('scraper'));
  const words = told.map((line) => line.slice(0, line.indexOf(' {')).replace(/[:;].*/, ''));
  assert.deepEqual(words, [
    'info new scraper',
    'warn a scraper asks for more than it gets',
    'warn two scrapers seem to use one name',
    'info scraper rewound',
    'info scraper removed',
  ]);
});

test('service discovery has a target for each host', async (t) => {
  const bench = await Bench.start(t, '--web.external-url=https://tributary.example.org/base/');
  await bench.send(1);
  const groups = JSON.parse((await bench.ask('/sd')).text) as unknown;
  assert.deepEqual(groups, [
    {
      targets: ['tributary.example.org:443'],
      labels: {
        __scheme__: 'https',
        __metrics_path__: '/base/metrics',
        __param_host: 'web-1',
        __meta_tributary_host: 'web-1',
        instance: 'web-1',
      },
    },
  ]);
});

test('the series of a scraper say how far it is', async (t) => {
  const bench = await Bench.start(t);
  const agent = connection(t);
  await bench.scrape(agent);
  await bench.send(3);
  await bench.scrape(agent);
  const { text } = await bench.ask('/metrics', { agent: connection(t) });
  assert.match(text, /^tributary_scraper_pending_samples\{scraper="p"\} 3$/m);
  assert.match(text, /^tributary_scraper_expired_samples_total\{reason="window",scraper="p"\} 0$/m);
  const served = /^tributary_scraper_served_samples\{scraper="p"\} (\d+)$/m.exec(text);
  assert.ok(Number(served?.[1]) > 50, 'all lines of the body count, as in scrape_samples_scraped');
});

test('a host that is deleted is gone everywhere, and is a new one when it comes again', async (t) => {
  const bench = await Bench.start(t);
  const agent = connection(t);
  await bench.scrape(agent);
  await bench.send(3);
  const path = '/api/v1/hosts/web-1';
  assert.equal((await bench.api(path, 'DELETE')).status, 409, 'it is connected');
  assert.deepEqual(await bench.scrape(agent), [1, 2, 3]);
  await bench.leave();
  while ((await bench.api(path, 'DELETE')).status === 409) await sleep(5);
  assert.deepEqual((await bench.api('/api/v1/hosts')).body.data, []);
  assert.deepEqual(await bench.scrape(agent), []);
  // Its target of /sd is there until Prometheus asks for /sd again, and must not fail meanwhile.
  assert.deepEqual(await bench.scrape(agent, '/metrics?scraper=p&host=web-1'), []);
  await bench.connect();
  await bench.send(2);
  assert.deepEqual(await bench.scrape(agent), [1, 2]);
});

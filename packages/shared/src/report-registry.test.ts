/** The helper with real prom-client registries, against a real server that keeps what it is sent. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Counter, Gauge, Registry } from 'prom-client';
import { createReporting, type ReportingOptions } from './report-registry.ts';

interface Got {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

class Receiver {
  readonly got: Got[] = [];
  status = 200;
  #server: Server = createServer((request, response) => {
    this.#read(request).then(
      () => response.writeHead(this.status).end('a reason\n'),
      () => response.destroy(),
    );
  });
  #port = 0;

  static async start(t: TestContext): Promise<Receiver> {
    const receiver = new Receiver();
    await receiver.listen();
    t.after(() => receiver.close());
    return receiver;
  }

  /** On the same port as before. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #read(request: IncomingMessage): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: path = '', headers } = request;
    this.got.push({ method, path, type: headers['content-type'] ?? '', body });
  }
}

/** Pushes at once and then hardly ever, unless told otherwise; keeps the messages of errors. */
function reporting(options: Pick<ReportingOptions, 'url'> & Partial<ReportingOptions>) {
  const errors: string[] = [];
  const made = createReporting({
    job: 'app',
    intervalMs: 3_600_000,
    random: () => 0,
    onError: ({ message }) => errors.push(message),
    ...options,
  });
  return { ...made, errors };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function registryWith(name: string, value = 1): Registry {
  const registry = new Registry();
  new Gauge({ name, help: 'A gauge.', registers: [registry] }).set(value);
  return registry;
}

test('registries of modules that know nothing of each other are one push', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop, errors } = reporting({ url: receiver.url, instance: 'a:1' });
  const orders = new Registry();
  const counter = new Counter({
    name: 'orders_total',
    help: 'Orders.',
    labelNames: ['kind'],
    registers: [orders],
  });
  register('orders', orders);
  register('cache', registryWith('cache_bytes', 7));
  register('nothing yet', new Registry());
  counter.inc({ kind: 'new' });
  start();
  start();
  await until(() => receiver.got.length === 1);
  counter.inc({ kind: 'new' }, 4);
  await stop();
  await stop();
  assert.deepEqual(errors, []);
  assert.deepEqual(
    receiver.got.map(({ method, path, type }) => [method, path, type]),
    Array(2).fill(['PUT', '/metrics/job/app/instance/a%3A1', 'text/plain; version=0.0.4; charset=utf-8']),
  );
  assert.match(receiver.got[0]?.body ?? '', /^orders_total\{kind="new"\} 1$/m);
  assert.match(receiver.got[1]?.body ?? '', /^orders_total\{kind="new"\} 5$/m);
  assert.match(receiver.got[1]?.body ?? '', /^# TYPE cache_bytes gauge\ncache_bytes 7$/m);
});

test('it pushes at every interval', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop } = reporting({ url: receiver.url, intervalMs: 5 });
  register('a', registryWith('a'));
  start();
  await until(() => receiver.got.length >= 3);
  await stop();
});

test('at the end the series may be taken away', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop } = reporting({ url: `${receiver.url}/`, job: 'a/b' });
  register('a', registryWith('a'));
  start();
  await until(() => receiver.got.length === 1);
  await stop({ forget: true });
  assert.deepEqual(
    receiver.got.map(({ method, path }) => [method, path]),
    [
      ['PUT', '/metrics/job@base64/YS9i'],
      ['DELETE', '/metrics/job@base64/YS9i'],
    ],
  );
});

test('a mistake of the program is an error at once', () => {
  const { register } = reporting({ url: 'http://127.0.0.1:9091' });
  const first = registryWith('requests_total');
  register('http', first);
  assert.throws(() => register('http', new Registry()), /a registry named http is registered already/);
  assert.throws(() => register('again', first), /registered already, as http/);
  assert.throws(
    () => register('mail', registryWith('requests_total')),
    /the metric requests_total is in two registries, http and mail/,
  );
  const open = new Registry();
  // A registry's type says which of the two formats it is in, so its own method takes no other without a cast.
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  assert.throws(() => register('open', open), /shows OpenMetrics, which cannot be pushed/);
  // Nothing of that has stayed.
  register('mail', registryWith('mails_total'));
  assert.throws(() => createReporting({ url: '127.0.0.1:9091', job: 'a' }), /is no http:\/\/ URL/);
  assert.throws(() => createReporting({ url: 'http://127.0.0.1:9091', job: '' }), /a job is needed/);
  for (const url of [
    'http://me:secret@127.0.0.1:9091',
    'ftp://me:secret@127.0.0.1',
    'http://me@127.0.0.1:9091',
  ]) {
    const said = /^Error: a URL must not carry credentials; they would not be sent$/;
    assert.throws(() => createReporting({ url, job: 'a' }), said);
  }
});

test('a metric that comes to be in two registries later is told, and the first one’s is pushed', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop, errors } = reporting({ url: receiver.url, intervalMs: 5 });
  const late = registryWith('b');
  register('first', registryWith('a', 1));
  register('late', late);
  new Gauge({ name: 'a', help: 'Another.', registers: [late] }).set(2);
  start();
  await until(() => receiver.got.length >= 3);
  await stop();
  assert.deepEqual(errors, [
    'the metric a is in two registries, first and late; what late holds is not pushed',
  ]);
  assert.match(receiver.got[0]?.body ?? '', /^a 1$/m);
  assert.doesNotMatch(receiver.got[0]?.body ?? '', /^a 2$/m);
});

test('failures are told once, until they are over', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop, errors } = reporting({ url: receiver.url, intervalMs: 5 });
  register('a', registryWith('a'));
  receiver.status = 400;
  start();
  await until(() => receiver.got.length >= 3);
  assert.deepEqual(errors, ['400: a reason']);
  await receiver.close();
  await until(() => errors.length > 1);
  assert.match(errors[1] ?? '', /fetch failed/);
  receiver.status = 200;
  await receiver.listen();
  const before = receiver.got.length;
  await until(() => receiver.got.length > before + 1);
  receiver.status = 400;
  await until(() => errors.at(-1) === '400: a reason' && errors.length > 2);
  await stop();
});

test('pushes that fail become rarer', async () => {
  const pauses: number[] = [];
  let last = performance.now();
  const { register, start, stop, errors } = reporting({
    url: 'http://127.0.0.1:9',
    intervalMs: 10,
    random: () => 1,
    fetch: () => {
      pauses.push(performance.now() - last);
      last = performance.now();
      return Promise.reject(new Error('no'));
    },
  });
  register('a', registryWith('a'));
  start();
  await until(() => pauses.length === 5);
  await stop();
  // 10 ms, and 10, 20, 40, 80 ms more; timers are never early by more than a millisecond.
  for (const [i, least] of [18, 28, 48, 88].entries())
    assert.ok((pauses[i + 1] ?? 0) >= least, String(pauses));
  assert.deepEqual(errors, ['no']);
});

test('nothing of it reaches the program', async (t) => {
  const receiver = await Receiver.start(t);
  const failing = { contentType: 'text/plain', metrics: () => Promise.reject(new Error('no metrics')) };
  const first = reporting({ url: receiver.url });
  first.register('failing', failing);
  first.start();
  await first.stop();
  assert.deepEqual(first.errors, ['the registry failing shows nothing: no metrics']);
  const hanging = { contentType: 'text/plain', metrics: () => new Promise<string>(() => {}) };
  const second = reporting({
    url: receiver.url,
    timeoutMs: 10,
    onError: () => {
      throw new Error('of the listener');
    },
  });
  second.register('hanging', hanging);
  second.start();
  await second.stop();
  assert.deepEqual(receiver.got, []);
});

test('a registry that fails, or hangs, costs its own metrics only', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop, errors } = reporting({ url: receiver.url, timeoutMs: 50, intervalMs: 5 });
  const contentType = 'text/plain';
  register('hanging', { contentType, metrics: () => new Promise<string>(() => {}) });
  register('well', registryWith('a', 1));
  register('failing', { contentType, metrics: () => Promise.reject(new Error('no metrics')) });
  start();
  await until(() => receiver.got.length === 3);
  await stop();
  for (const { body } of receiver.got) assert.match(body, /^a 1$/m);
  assert.deepEqual(errors, [
    'the registry hanging shows nothing: the metrics were not collected within 50 ms',
  ]);
});

test('a registry that hangs is asked once until it answers', async (t) => {
  const receiver = await Receiver.start(t);
  const { register, start, stop } = reporting({ url: receiver.url, timeoutMs: 50, intervalMs: 5 });
  const text = '# TYPE b gauge\nb 1\n';
  const hanging = Promise.withResolvers<string>();
  let asked = 0;
  register('hanging', {
    contentType: 'text/plain',
    metrics: () => (++asked === 1 ? hanging.promise : Promise.resolve(text)),
  });
  register('well', registryWith('a', 1));
  start();
  await until(() => receiver.got.length >= 3);
  assert.equal(asked, 1);
  hanging.resolve(text);
  await until(() => receiver.got.some(({ body }) => /^b 1$/m.test(body)));
  await stop();
  assert.ok(asked > 1);
});

test('it keeps no process alive', async (t) => {
  const code = `
    const { createReporting } = await import(${JSON.stringify(new URL('./report-registry.ts', import.meta.url).href)});
    createReporting({ url: 'http://127.0.0.1:9091', job: 'a', intervalMs: 60_000, fetch: async () => ({ ok: true, text: async () => '' }) }).start();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: 'inherit',
  });
  t.after(() => child.kill('SIGKILL'));
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

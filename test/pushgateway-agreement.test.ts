/**
 * The reporter's listener beside a real Pushgateway: the same requests to both, one after another, have the same status
 * and leave the same series. What differs on purpose is at the end, and in docs/APPLICATIONS.md.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PushFeed } from '../packages/reporter/src/applications/push/push-feed.ts';
import { Child } from './support/child.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { pathOf, without } from './support/peers.ts';
import { stablePort } from './support/ports.ts';
import { tempDir } from './support/temp-dir.ts';

type Step = readonly [method: string, path: string, body?: string | Buffer, headers?: Record<string, string>];

interface Side {
  ask(step: Step): Promise<number>;
  /** Every series with its type and value, but for values of times, of which it matters whether they are 0. */
  shown(): Promise<ReadonlyMap<string, string>>;
}

const OWN = /^(go|process|promhttp|pushgateway)_/;

function ask(port: number, [method, path, body = '', headers = {}]: Step): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, method, path: `/metrics${path}`, headers },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

function keep(
  shown: Map<string, string>,
  sample: string,
  labels: Readonly<Record<string, string>>,
  type: string,
  value: number,
): void {
  const pairs = Object.entries(labels).filter(([, text]) => text !== '');
  const key = `${sample} ${JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  assert.ok(!shown.has(key), `${key} stands twice`);
  const isTime = sample === 'push_time_seconds' || sample === 'push_failure_time_seconds';
  shown.set(key, `${type} ${isTime ? value > 0 : value}`);
}

async function startPushgateway(t: TestContext): Promise<Side> {
  const port = await stablePort();
  const child = await Child.spawn(t, {
    name: 'PUSHGATEWAY',
    command: pathOf('PUSHGATEWAY'),
    args: [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file=', '--log.level=error'],
  });
  await eventually('Pushgateway is ready', async () => {
    if (child.exit !== null) throw new Error(child.describe());
    return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  });
  return {
    ask: (step) => ask(port, step),
    async shown() {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      const body = await response.text();
      assert.equal(response.status, 200, body);
      const { samples, types } = readExposition(body);
      const shown = new Map<string, string>();
      for (const { name, labels, value } of samples) {
        if (OWN.test(name)) continue;
        const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
        keep(shown, name, labels, types.get(family)?.[0] ?? '', value);
      }
      return shown;
    },
  };
}

async function startListener(t: TestContext): Promise<Side> {
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const feed = new PushFeed({
    address: { host: '127.0.0.1', port: 0 },
    expireAfterMs: 0,
    folder: await tempDir(t),
    host: 'web-1',
    statics: new Map(),
    takenJobs: ['node'],
    log: silent,
    moment: () => ({ now: Date.now(), mono: performance.now() }),
    // No push is too much here, however slow the machine.
    monotonic: () => performance.now(),
    cpuMs: () => 0,
  });
  t.after(() => feed.stop());
  feed.start();
  const port = await eventually('the listener is there', () => feed.port ?? undefined);
  return {
    ask: (step) => ask(port, step),
    shown() {
      const shown = new Map<string, string>();
      for (const { shape, values } of feed.take({ mono: performance.now(), wall: Date.now() }).flat()) {
        let i = 0;
        for (const { name, type, series } of shape.families) {
          for (const [suffix, labels] of series)
            keep(shown, name + suffix, { ...labels, ...shape.labels }, type, values[i++] ?? Number.NaN);
        }
      }
      return Promise.resolve(shown);
    },
  };
}

const HISTOGRAM = `# HELP h A histogram.
# TYPE h histogram
h_bucket{l="1",le="0.5"} 1
h_bucket{l="1",le="1.0"} 2
h_bucket{l="1",le="1000000.0"} 3
h_bucket{l="1",le="+Inf"} 4
h_sum{l="1"} 5.5
h_count{l="1"} 4
h_bucket{l="2",le="1"} 2
h_sum{l="2"} 7
h_count{l="2"} 3
`;
const SUMMARY = '# TYPE s summary\ns{quantile="0.50"} 1\ns{quantile="0.99"} 2\ns_sum 3\ns_count 4\n';
const PUSHED = { 'content-type': 'application/x-www-form-urlencoded' };

const STEPS: readonly Step[] = [
  ['POST', '/job/a', '# TYPE x gauge\nx 1\ny{l="1"} 2\ny{l="2"} NaN\n', PUSHED],
  ['POST', '/job/a', 'y{l="3"} +Inf\n'],
  ['POST', '/job/a/', 'z -1e-300\n'],
  ['PUT', '/job/a/instance/i', 'x_of_i 1\n'],
  ['PUT', '/job/a/zone/z/instance/i', 'y{zone="other",job="other",instance="other"} 1\n'],
  ['PUT', '/job/b', HISTOGRAM + SUMMARY],
  ['POST', '/job/b', ''],
  ['POST', '/job/b', '# TYPE only gauge\n# HELP only gauge\n'],
  ['PUT', '/job/c', 'x2{instance="of its own"} 1\nx2 2\n'],
  ['POST', '/job/c/instance/of%20its%20own', 'x2 1\n'],
  ['POST', '/job/d', 'x 1\n'],
  ['POST', '/job/d', '# TYPE x gauge\nx 1\n'],
  ['POST', '/job/d', '# TYPE x counter\nx 1\n'],
  ['POST', '/job/d', 'w 1 1790000000000\n'],
  ['POST', '/job/d', 'w 1\nw 2\n'],
  ['POST', '/job/d', 'w{job="1"} 1\nw{job="2"} 2\n'],
  ['POST', '/job/d', 'w 1'],
  ['POST', '/job/d', 'w one\n'],
  ['POST', '/job/d', 'w{ 1\n'],
  ['POST', '/job/d', '{"w.x"} 1\n'],
  ['POST', '/job/d', '# TYPE w gauge\n# TYPE w gauge\nw 1\n'],
  ['POST', '/job/d', '# TYPE hx histogram\nhx_bucket{le="a"} 1\n'],
  ['POST', '/job/e', 's_count 1\n'],
  ['POST', '/job/e', '# TYPE v histogram\nv_bucket{le="+Inf"} 1\nv_sum 1\nv_count 1\n'],
  ['POST', '/job/f', 'v_bucket 1\n'],
  ['POST', '/job/f', 'push_time_seconds 5\nu 1\n'],
  ['POST', '/job@base64/Zy8x/path@base64/L3Zhci90bXA=', 'x3 1\n'],
  ['POST', '/job/g%20h/name/%CE%A0%CF%81', 'x4 1\n'],
  ['POST', '/job/k/b%2Fc/d/e', 'x5 1\n'],
  ['POST', '/job/k/x/1/x/2/job/other', 'x6 1\n'],
  ['POST', '/job/k', gzipSync('x7 1\n'), { 'content-encoding': 'gzip' }],
  ['POST', '/job/k', 'x8 1\n', { 'content-encoding': 'gzip' }],
  ['POST', '/job/k', 'x9 1\n', { 'content-type': 'application/json' }],
  ['POST', '/job', 'x 1\n'],
  ['POST', '/job/k/odd', 'x 1\n'],
  ['POST', '/job/k/1x/y', 'x 1\n'],
  ['POST', '/job/k/__x/y', 'x 1\n'],
  ['POST', '/job/k/x.y/z', 'x 1\n'],
  ['POST', '/job@base64/=', 'x 1\n'],
  ['POST', '/job@base64/a', 'x 1\n'],
  ['POST', '/job/k/x@base64/a+b', 'x 1\n'],
  ['PATCH', '/job/k', 'x 1\n'],
  ['GET', '/job/k'],
  ['DELETE', '/job/k/odd'],
  ['DELETE', '/job/none'],
  ['DELETE', '/job/b'],
  ['POST', '/job/e', 's_count 1\n'],
  ['PUT', '/job/a', ''],
  ['DELETE', '/job/a/zone/z/instance/i'],
];

/**
 * Pushgateway answers a DELETE before it is carried out, and a push after it: it takes both from one queue. So when
 * this is answered, all before it has been done.
 */
const FENCE: Step = ['PUT', '/job/fence', 'fence 1\n'];

test('the same requests have the same status and leave the same series', {
  skip: without('PUSHGATEWAY'),
}, async (t) => {
  const [theirs, ours] = await Promise.all([startPushgateway(t), startListener(t)]);
  for (const step of STEPS) {
    const what = `${step[0]} ${step[1]} ${JSON.stringify(step[2] ?? '')}`;
    assert.equal(await ours.ask(step), await theirs.ask(step), what);
    assert.equal(await ours.ask(FENCE), await theirs.ask(FENCE), 'the fence');
    assert.deepEqual(sorted(await ours.shown()), sorted(await theirs.shown()), what);
  }
  assert.ok((await ours.shown()).size > 20);
});

/** [ours, Pushgateway's], for requests that docs/APPLICATIONS.md lists. */
const DIFFERENCES: readonly (readonly [Step, number, number])[] = [
  [['POST', '/job//x/y', 'x 1\n'], 400, 301],
  [['POST', '/job/a/../b', 'x 1\n'], 400, 301],
  [['POST', '/job/', 'x 1\n'], 400, 307],
  [['POST', '/job/node', 'x 1\n'], 400, 200],
  [['POST', '/job/a', 'tributary_x 1\n'], 400, 200],
  [['POST', '/job/a', '# TYPE h histogram\nh_bucket 1\n'], 400, 200],
  [['POST', '/job/a', '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\n'], 400, 200],
  [['POST', '/job/a', 'x{y=""} 1\nx 2\n'], 400, 200],
  [['POST', '/job/a', '', { 'content-type': 'application/vnd.google.protobuf' }], 415, 200],
  [['POST', '/job/a', 'x 1\n', { 'content-encoding': 'deflate' }], 415, 200],
  [['POST', '/job/a', 'x 1\n', { origin: 'http://page.example' }], 403, 200],
  [['POST', '/job/a', 'x 1\n', { host: 'rebound.example' }], 403, 200],
  [['POST', '/job/a', `# ${'x'.repeat(2 ** 21)}\n`], 413, 200],
];

test('what is answered otherwise is what the documentation says', {
  skip: without('PUSHGATEWAY'),
}, async (t) => {
  const [theirs, ours] = await Promise.all([startPushgateway(t), startListener(t)]);
  for (const [step, our, their] of DIFFERENCES) {
    const what = `${step[0]} ${step[1]} ${JSON.stringify(step.slice(2)).slice(0, 100)}`;
    assert.deepEqual([await ours.ask(step), await theirs.ask(step)], [our, their], what);
  }
});

function sorted(shown: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...shown].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What answers as it should, as an older version does, and as something else does. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Access } from './client.ts';
import { readGateway } from './gateway-facts.ts';
import { readPrometheus } from './prometheus-facts.ts';

const ok = (data: unknown) => JSON.stringify({ status: 'success', data });
const HTML = '<!doctype html><title>log in</title>';

/** @param answers by path; what is not there is a page of HTML */
async function serve(t: TestContext, answers: Readonly<Record<string, string>>): Promise<Access> {
  const server = createServer(({ url = '' }, response) => {
    const answer = answers[url] ?? answers[url.replace(/\?.*/, '')];
    response.end(answer ?? HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}`), authorization: null, ca: null };
}

const STATUS = ok({ version: '1', ready: true, ledger: { bytes: 5 } });

test('a gateway of which half is not to be had', async (t) => {
  const hosts = ok([{ host: 'a', up: true, limited: [{ limit: 'series' }], rivals: 7 }, null, 'x']);
  const facts = await readGateway(await serve(t, { '/api/v1/status': STATUS, '/api/v1/hosts': hosts }));
  assert.deepEqual(
    facts.hosts.map(({ host, up, limits, refused }) => [host, up, limits, refused]),
    [
      ['a', true, ['series'], null],
      ['', false, [], null],
      ['', false, [], null],
    ],
  );
  assert.deepEqual([facts.ledgerBytes, facts.ledgerLimitBytes, facts.diskFreeBytes], [5, 0, null]);
  assert.deepEqual(facts.scrapers, []);
  assert.equal(facts.strange.length, 3);
  assert.match(facts.strange.join('\n'), /\/api\/v1\/scrapers is answered with HTTP 200 and a page of HTML/);
});

test('what is no gateway is refused', async (t) => {
  const prometheus = await serve(t, { '/api/v1/status': ok({ version: '3' }) });
  await assert.rejects(readGateway(prometheus), /answered by something else than a Tributary gateway/);
  await assert.rejects(readGateway(await serve(t, {})), /a page of HTML/);
});

const BUILD = ok({ version: '3.5.3' });
const nobody = () => [];

test('a Prometheus that tells little, and what is none', async (t) => {
  const facts = await readPrometheus(await serve(t, { '/api/v1/status/buildinfo': BUILD }), nobody);
  assert.ok(!('trouble' in facts));
  assert.deepEqual([facts.version, facts.config, facts.recent, facts.targets], ['3.5.3', null, null, []]);
  assert.match(facts.silent.join('\n'), /\/api\/v1\/status\/config is answered with .* page of HTML/);
  const other = await readPrometheus(await serve(t, {}), nobody);
  assert.ok('trouble' in other && other.trouble === 'strange');
  const nameless = await readPrometheus(await serve(t, { '/api/v1/status/buildinfo': ok({}) }), nobody);
  assert.ok('trouble' in nameless && nameless.trouble === 'strange');
});

test('targets, series, and a proxy on the way', async (t) => {
  const sample = { metric: { instance: 'gateway:9750', host: 'a', reason: 'x' }, value: [1, '3'] };
  const target = {
    scrapePool: 'j',
    scrapeUrl: 'http://127.0.0.1:9/metrics?scraper=p',
    health: 'up',
    labels: 7,
  };
  const access = await serve(t, {
    '/api/v1/status/buildinfo': BUILD,
    '/api/v1/targets': ok({ activeTargets: [target, { scrapeUrl: 'no URL' }, 7] }),
    '/api/v1/query': ok({ resultType: 'vector', result: [sample] }),
  });
  let asked: unknown[] = [];
  const facts = await readPrometheus(access, (targets, gateways) => {
    asked = [targets.map(({ job }) => job), [...gateways]];
    return targets;
  });
  assert.ok(!('trouble' in facts));
  assert.deepEqual(asked, [['j'], ['gateway:9750']]);
  assert.deepEqual(facts.recent?.lost, [{ labels: sample.metric, value: 3 }]);
  assert.deepEqual(facts.proxies, new Map(), 'nobody answers at the target');
});

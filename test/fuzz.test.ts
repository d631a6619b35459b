/**
 * A fuzzer on the live socket, and a fleet that must not notice it: sessions that are sound but for one leaf, one frame or
 * one byte, WebSocket frames as no library would send them, forgeries, and garbage on the HTTP port.
 *
 *   TRIBUTARY_FUZZ_SEED=7              another run, or again the one that failed
 *   TRIBUTARY_FUZZ_FRAMES=200000       a longer one; a million with TRIBUTARY_LONG=1
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { either, LONG } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { Fuzzer } from './support/fuzz/fuzzer.ts';
import { Memory } from './support/memory.ts';
import { promtoolCheck, strictParse } from './support/openmetrics.ts';
import { without } from './support/peers.ts';
import { type Gateway, OPENMETRICS, TEXT } from './support/programs.ts';
import { Stage } from './support/stage.ts';
import { assertAllWhole } from './support/verdict.ts';

const SEED = Number(process.env['TRIBUTARY_FUZZ_SEED'] ?? 20_260_101);
const FRAMES = Number(process.env['TRIBUTARY_FUZZ_FRAMES'] ?? either(25_000, 1_000_000));
const LANES = 16;
/** More than the fuzzer has hosts of one name's family, so that what they agree on is what most hosts say. */
const HONEST = 20;
/**
 * What Prometheus may warn of, since it costs a fuzzed host its own samples and no scrape: one that left with `bye` and comes
 * back with an earlier time is as new, and a bound that is written in two ways (`0.5`, `.5`) is one series to Prometheus 3.
 */
const THEIR_OWN = /Error on ingesting (out-of-order samples|samples with different value but same timestamp)/;
/**
 * Of the gateway's memory. What fuzzed hosts have said is shown for five minutes, and the long run says three times as much in these as the
 * short one in all: there it has to stop growing, too.
 */
const RSS_BYTES_MAX = either(1, 2) * 1024 * 1024 * 1024;
const LAST_QUARTER_GROWTH_MAX = 1.1;
const RUN_MS_MAX = either(110_000, 45 * 60_000);

/** The type and the help that each sample of an honest host is shown with now, by its name. */
async function shown(gateway: Gateway, host: string): Promise<ReadonlyMap<string, string[]>> {
  const { body } = await gateway.metrics(OPENMETRICS, `?host=${host}`);
  const told = new Map<string, string[]>();
  let family: string[] = [];
  for (const line of body.split('\n')) {
    const [, word, name = '', text = ''] = /^# (TYPE|HELP) (\S+) (.*)/.exec(line) ?? [];
    if (word === 'TYPE') family = [text, ''];
    else if (word === 'HELP') family = [family[0] ?? '', text];
    else if (line.startsWith('node_')) told.set(line.slice(0, line.indexOf('{')), family);
    assert.ok(name === '' || !name.includes('{'));
  }
  return told;
}

/**
 * Types whose families reserve more names than they have: where a host has a family of such a name, be it one host alone,
 * the fleet's lose their type, since OpenMetrics knows no other way but to withhold values (docs/PROTOCOL.md, "Exposition").
 */
const MAY_GIVE_WAY = ['counter', 'histogram', 'summary'];

/** @returns the names that gave way. */
function assertSame(now: ReadonlyMap<string, string[]>, before: ReadonlyMap<string, string[]>): string[] {
  const gaveWay: string[] = [];
  for (const [name, [type = '', help = '']] of before) {
    const [typeNow, helpNow] = now.get(name) ?? [];
    if (typeNow !== undefined && typeNow !== type && MAY_GIVE_WAY.includes(type)) gaveWay.push(name);
    else assert.deepEqual([typeNow, helpNow], [type, help], name);
  }
  return gaveWay;
}

/**
 * Everything can be read, and what the honest hosts show is right to the letter. What the fuzzed ones say need not be: a
 * stateset of 55 is theirs, and values are never withheld.
 */
async function assertReadable(gateway: Gateway, honest: readonly string[]): Promise<void> {
  const whole = await gateway.metrics(TEXT);
  assert.deepEqual((await promtoolCheck(whole.body)).errors, []);
  const query = new URLSearchParams([
    ...honest.map((host): [string, string] => ['host', host]),
    // The simulator's buckets do not stay sorted (simulator/series.ts).
    ['match[]', '{__name__=~"(node_[^p]|tributary_host).*"}'],
  ]);
  const { body, status } = await gateway.metrics(OPENMETRICS, `?${query}`);
  assert.equal(status, 200, body);
  const verdict = await strictParse(body);
  assert.ok(verdict.ok, `the strict parser: ${verdict.ok ? '' : verdict.error}`);
}

test('what is fuzzed costs the honest hosts nothing', {
  skip: without('PROMETHEUS_3', 'PROMTOOL', 'PYTHON_PROMETHEUS_CLIENT'),
  timeout: RUN_MS_MAX,
}, async (t) => {
  t.diagnostic(`TRIBUTARY_FUZZ_SEED=${SEED}, ${FRAMES} frames`);
  const stage = await Stage.start(t, { fleet: { hosts: HONEST, prefix: 'honest', series: 60 } });
  const { gateway } = stage;
  const { pid } = gateway;
  const prometheus = await stage.scraper('fuzz');
  await stage.streaming();
  const honest = stage.simulator.hosts.map(({ name }) => name);
  const [someone = ''] = honest;
  await eventually('every honest host has told something', async () =>
    (await stage.simulator.stats()).every(({ acked }) => acked > 1),
  );
  const before = await shown(gateway, someone);
  assert.ok(before.size > 10, `only ${before.size} names`);
  using memory = new Memory(pid);

  const port = Number(new URL(gateway.url).port);
  const fuzzer = await Fuzzer.start(t, { port, seed: SEED, honest, lanes: LANES, frames: FRAMES });
  let bytesBefore = 0;
  for (const share of [0.25, 0.5, 0.75]) {
    await eventually(`${share} of the frames`, () => (fuzzer.counts?.frames ?? 0) >= share * FRAMES, {
      timeoutMs: RUN_MS_MAX,
    });
    bytesBefore = memory.figures().maxBytes;
    t.diagnostic(`${share}: ${JSON.stringify(memory.figures())}`);
    assertSame(await shown(gateway, someone), before);
    await assertReadable(gateway, honest);
  }
  const { counts, took } = await fuzzer.done(RUN_MS_MAX);
  t.diagnostic(`${took}; ${JSON.stringify(counts)}`);
  t.diagnostic(JSON.stringify(memory.figures()));

  assert.deepEqual(counts.faults, [], `TRIBUTARY_FUZZ_SEED=${SEED}`);
  const gaveWay = assertSame(await shown(gateway, someone), before);
  t.diagnostic(`names that lost their type to a clash: ${gaveWay.join() || 'none'}`);
  await assertReadable(gateway, honest);
  const [figures] = await assertAllWhole(t, stage, [prometheus], { scenario: 'fuzzed' });
  const warnings = prometheus.warnings();
  t.diagnostic(`${figures?.intake?.outOfOrder} samples out of order, ${warnings.length} warnings`);
  assert.deepEqual(
    warnings.filter((line) => !THEIR_OWN.test(line)),
    [],
  );
  assert.equal(gateway.exit, null);
  assert.equal(gateway.pid, pid);
  const { maxBytes } = memory.figures();
  assert.ok(maxBytes < RSS_BYTES_MAX, `the gateway took ${maxBytes} bytes`);
  if (LONG)
    assert.ok(maxBytes < LAST_QUARTER_GROWTH_MAX * bytesBefore, `${bytesBefore}, then ${maxBytes} bytes`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { OptionError } from '@tributary/shared/options';
import { type GatewayOptions, readOptions } from './config.ts';
import { Reloading } from './reloading.ts';
import { Settings } from './settings.ts';
import { keepLog } from './wiring-test-support.ts';

function bench(...argv: readonly string[]) {
  const log = keepLog();
  const settings = new Settings(readOptions(argv, {}));
  const told: string[] = [];
  settings.onChange(() => told.push(settings.options['log.level']));
  const state = {
    next: (): GatewayOptions | Promise<GatewayOptions> => settings.options,
    now: 1000,
  };
  const reloading = new Reloading({
    settings,
    load: async () => state.next(),
    lookAround: async () => void told.push('looked'),
    log,
    now: () => state.now,
    onFault: (error) => assert.fail(String(error)),
  });
  return { log, settings, told, state, reloading };
}

test('what can change is in effect at once, and what cannot is named', async () => {
  const { log, settings, told, state, reloading } = bench('--log.level=warn');
  const { options } = settings;
  state.next = () => readOptions(['--log.level=debug', '--fleet.stale-after=2m', '--storage.path=/x'], {});
  state.now = 2000;
  await reloading.reload('SIGHUP');
  assert.equal(options['log.level'], 'debug');
  assert.equal(options['fleet.stale-after'], 120_000);
  assert.equal(options['storage.path'], './data/gateway');
  assert.deepEqual(told, ['looked', 'debug']);
  assert.deepEqual(log.lines, [
    'info the configuration was read anew {"cause":"SIGHUP","changed":["fleet.stale-after","log.level"]}',
    'warn these options take a restart, and stay as they were until then {"options":["storage.path"]}',
  ]);
  assert.deepEqual(reloading.facts, { lastReloadSuccessful: true, lastReloadSuccessAt: 2000 });
});

test('what is not valid changes nothing, and is told', async () => {
  const { log, settings, state, reloading } = bench();
  const before = { ...settings.options };
  state.now = 2000;
  state.next = () => readOptions(['--log.level=loud'], {});
  await assert.rejects(reloading.reload('SIGHUP'), OptionError);
  assert.deepEqual(settings.options, before);
  assert.deepEqual(reloading.facts, { lastReloadSuccessful: false, lastReloadSuccessAt: 1000 });
  assert.match(log.lines.join('\n'), /^error .*the one before goes on .*--log\.level: \\"loud\\" is none of/);
  state.next = () => readOptions([], {});
  await reloading.reload('SIGHUP');
  assert.deepEqual(reloading.facts, { lastReloadSuccessful: true, lastReloadSuccessAt: 2000 });
});

test('looks by the clock say something only when something is new', async (t) => {
  const { log, state, reloading } = bench('--config.auto-reload-interval=1s');
  const good = readOptions(['--config.auto-reload-interval=1s', '--limits.hosts=7'], {});
  state.next = () => good;
  reloading.start();
  t.after(() => reloading.stop());
  while (log.lines.length === 0) await delay(50);
  assert.match(log.lines[0] ?? '', /read anew .*"changed":\["limits\.hosts"\]/);
  for (let i = 0; i < 3; i++) await reloading.reload(null);
  assert.equal(log.lines.length, 1);
  state.next = () => readOptions(['--log.level=loud'], {});
  for (let i = 0; i < 3; i++) await assert.rejects(reloading.reload(null), OptionError);
  assert.equal(log.lines.length, 2);
  state.next = () => good;
  await reloading.reload(null);
  assert.match(log.lines[2] ?? '', /read anew/);
  assert.equal(reloading.facts.lastReloadSuccessful, true);
});

test('reloads come one after the other', async () => {
  const { settings, state, reloading } = bench();
  let running = 0;
  let most = 0;
  state.next = async () => {
    most = Math.max(most, ++running);
    await delay(5);
    running--;
    return settings.options;
  };
  await Promise.all([reloading.reload('a'), reloading.reload('b'), reloading.reload('c')]);
  assert.equal(most, 1);
});

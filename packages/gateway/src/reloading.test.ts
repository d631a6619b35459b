import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Reloading } from '@tributary/program/reloading';
import { Settings } from '@tributary/program/settings';
import { OptionError } from '@tributary/shared/options';
import { type GatewayOptions, isLive, readOptions } from './config.ts';
import { keepLog } from './wiring-test-support.ts';

function bench(...argv: readonly string[]) {
  const log = keepLog();
  const settings = new Settings(readOptions(argv, {}), isLive);
  const told: string[] = [];
  settings.onChange(() => told.push(settings.options['log.level']));
  const state = {
    next: (): GatewayOptions | Promise<GatewayOptions> => settings.options,
    now: 1000,
    fault: null as string | null,
    gate: Promise.resolve(),
  };
  const reloading = new Reloading({
    program: 'gateway',
    settings,
    everyMs: settings.options['config.auto-reload-interval'],
    load: async () => state.next(),
    lookAround: async () => {
      told.push('looked');
      await state.gate;
      return state.fault;
    },
    timeoutMs: 200,
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

test('looks by the clock take what two of them in a row have found, and say something only when something is new', async (t) => {
  const { log, settings, state, reloading } = bench('--config.auto-reload-interval=1s');
  const file = (...argv: string[]) => readOptions(['--config.auto-reload-interval=1s', ...argv], {});
  state.next = () => file('--limits.hosts=7');
  reloading.start();
  t.after(() => reloading.stop());
  while (log.lines.length === 0) await delay(50);
  assert.match(log.lines[0] ?? '', /read anew .*"changed":\["limits\.hosts"\]/);
  for (let i = 0; i < 3; i++) await reloading.look();
  assert.equal(log.lines.length, 1);
  // Half of it was written when it was looked at.
  state.next = () => file();
  await reloading.look();
  state.next = () => file('--limits.hosts=8');
  await reloading.look();
  assert.equal(settings.options['limits.hosts'], 7);
  await reloading.look();
  assert.equal(settings.options['limits.hosts'], 8);
  state.next = () => file('--log.level=loud');
  await reloading.look();
  assert.equal(reloading.facts.lastReloadSuccessful, true);
  for (let i = 0; i < 3; i++) await reloading.look();
  assert.equal(log.lines.length, 3);
  assert.equal(reloading.facts.lastReloadSuccessful, false);
  state.next = () => file('--limits.hosts=8');
  await reloading.look();
  await reloading.look();
  assert.match(log.lines[3] ?? '', /read anew/);
  assert.equal(reloading.facts.lastReloadSuccessful, true);
});

test('what is wrong with the web configuration is a failure, too', async () => {
  const { log, state, reloading } = bench();
  state.fault = 'web.yml:1: unknown key';
  await assert.rejects(reloading.reload('SIGHUP'), { message: 'web.yml:1: unknown key' });
  assert.equal(reloading.facts.lastReloadSuccessful, false);
  assert.equal(log.lines.length, 1);
});

test('a file that does not answer holds up nothing but its own reload', async () => {
  const { settings, state, reloading } = bench();
  const { promise, resolve } = Promise.withResolvers<GatewayOptions>();
  state.next = () => promise;
  await assert.rejects(reloading.reload('a'), {
    message: 'the configuration file was not read within 0.2 s',
  });
  await assert.rejects(reloading.reload('b'), /still being read/);
  await reloading.look();
  assert.equal(reloading.isStuck, true);
  resolve(settings.options);
  await delay(1);
  assert.equal(reloading.isStuck, false);
  state.next = () => settings.options;
  await reloading.reload('c');
  assert.equal(reloading.facts.lastReloadSuccessful, true);
});

test('neither does a file of the web configuration', async () => {
  const { settings, state, reloading } = bench();
  state.gate = new Promise(() => {});
  state.next = () => readOptions(['--limits.hosts=7'], {});
  await assert.rejects(
    reloading.reload('a'),
    /^OptionError: the web configuration.* was not read within 0\.2 s$/,
  );
  state.gate = Promise.resolve();
  await reloading.reload('b');
  assert.equal(settings.options['limits.hosts'], 7);
});

test('a fault of another kind is a failure as well', async () => {
  const { state, reloading } = bench();
  state.next = () => Promise.reject(new Error('out of files'));
  await assert.rejects(reloading.reload('a'), /out of files/);
  assert.equal(reloading.facts.lastReloadSuccessful, false);
});

test('once it is stopped nothing changes', async () => {
  const { settings, state, reloading } = bench();
  state.next = () => readOptions(['--limits.hosts=7'], {});
  reloading.stop();
  await assert.rejects(reloading.reload('a'), /stopping/);
  assert.equal(settings.options['limits.hosts'], 20_000);
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

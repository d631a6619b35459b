/** The collector as a whole, where runtimes, processes and files fail. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseOptions } from '@tributary/shared/options';
import { NoDataError } from '../collector.ts';
import { defaultsOf } from '../collector-options.ts';
import { renderOnce, samplesOf, temporaryRoots, unpackRoots } from '../test-support.ts';
import { CONTAINERS_OPTIONS, createContainersCollector } from './containers.ts';
import { createHost, DB, HOST, ID_WEB, renderFailing, serveRuntime, tickUntil, WEB } from './test-support.ts';

test('without a socket there is no data, and one that comes is found', async (t) => {
  const host = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [WEB]);
  const { socket } = host.runtime;
  const hidden = createContainersCollector(
    { roots: host.roots, usualSockets: [`${socket}.none`], now: () => 0, monotonic: () => host.ms },
    defaultsOf(CONTAINERS_OPTIONS),
  );
  await assert.rejects(renderOnce(hidden), NoDataError);
  await serveRuntime(t, [WEB], `${socket}.none`);
  host.ms = 30_000;
  assert.match(await renderOnce(hidden), /shop-web-1/);
});

test('a socket that was asked for and is not there is a failure', async (t) => {
  const host = await createHost(t, temporaryRoots(t, {}), [], { socket: ['/nowhere/docker.sock'] });
  await assert.rejects(
    renderOnce(host.collector),
    /^Error: \/nowhere\/docker\.sock: there is no such socket$/,
  );
});

test('a runtime that fails costs no figures of what it has listed before', async (t) => {
  const host = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [WEB]);
  await renderOnce(host.collector);
  host.runtime.answer = (_request, response) => response.writeHead(500).end();
  host.ms = 300_000;
  const failed = await tickUntil(host.collector, ({ message }) => message !== '');
  assert.match(failed.message, /answered 500/);
  assert.match(failed.text, /^container_memory_usage_bytes\{.*\} 52428800$/m);
  assert.deepEqual(samplesOf(failed.text, 'container_scrape_error'), ['1']);
  host.runtime.answer = null;
  host.ms += 10_000;
  const { text } = await tickUntil(host.collector, ({ message }) => message === '');
  assert.deepEqual(samplesOf(text, 'container_scrape_error'), ['0']);
});

test('a container that ended is gone at once, and one that began anew comes with its new process', async (t) => {
  const host = await createHost(t, unpackRoots(t, 'containers-v2.txt'), [WEB, DB]);
  assert.equal(samplesOf(await renderOnce(host.collector), 'container_last_seen').length, 2);
  // Its number is another process's by now.
  writeFileSync(join(host.roots.proc, '4242/cgroup'), '0::/user.slice\n');
  assert.doesNotMatch(await renderOnce(host.collector), /shop-web-1/);
  const { proc, sys } = host.roots;
  mkdirSync(join(proc, '4300'), { recursive: true });
  writeFileSync(join(proc, '4300/cgroup'), `0::/system.slice/docker-${ID_WEB}.scope\n`);
  host.runtime.containers = [{ ...WEB, pid: 4300 }];
  rmSync(join(proc, '4343'), { recursive: true });
  rmSync(join(sys, `fs/cgroup/machine.slice`), { recursive: true });
  host.ms = 5_000;
  const { text } = await tickUntil(host.collector, (tick) => tick.text.includes('shop-web-1'));
  assert.doesNotMatch(text, /name="db"/);
  assert.match(text, /^container_memory_usage_bytes\{.*name="shop-web-1".*\} 52428800$/m);
});

test('a group without files, and a process that was moved out of its group, are left out and counted', async (t) => {
  const roots = unpackRoots(t, 'containers-v2.txt');
  rmSync(join(roots.sys, `fs/cgroup/machine.slice`), { recursive: true });
  writeFileSync(join(roots.proc, '4444/cgroup'), '0::/user.slice/session-1.scope\n');
  const { collector } = await createHost(t, roots, [WEB, DB, HOST]);
  const text = await renderOnce(collector);
  assert.equal(samplesOf(text, 'container_last_seen').length, 1);
  assert.deepEqual(samplesOf(text, 'tributary_reporter_containers_left_out'), [
    '{reason="limit"} 0',
    '{reason="series"} 0',
    '{reason="cgroup"} 2',
    '{reason="process"} 0',
  ]);
});

test('a reporter that cannot see the processes says so, and does not ask for ever', async (t) => {
  const host = await createHost(t, temporaryRoots(t, { 'sys/fs/cgroup/cgroup.controllers': '' }), [WEB]);
  // It may have ended since it was listed.
  assert.equal(samplesOf(await renderOnce(host.collector), 'container_last_seen').length, 0);
  host.ms = 5_000;
  const failed = await tickUntil(host.collector, ({ message }) => message !== '');
  assert.match(failed.message, /processes of 1 containers are not below .*proc: the reporter must see/);
  assert.match(failed.text, /reason="process"\} 1/);
  const asked = host.runtime.asked.length;
  for (host.ms = 20_000; host.ms < 300_000; host.ms += 10_000) {
    await renderFailing(host.collector);
    await nextTurn();
  }
  assert.ok(host.runtime.asked.length <= asked + 1);
});

test('a file in an unknown format costs its container, and is told', async (t) => {
  const roots = unpackRoots(t, 'containers-v2.txt');
  const file = join(roots.sys, `fs/cgroup/system.slice/docker-${ID_WEB}.scope/io.stat`);
  writeFileSync(file, 'sda rbytes=1\n');
  const { collector } = await createHost(t, roots, [WEB, DB]);
  const { text, message } = await renderFailing(collector);
  assert.equal(message, `${file}: sda is no device: "sda rbytes=1"`);
  assert.equal(samplesOf(text, 'container_last_seen').length, 1);
});

test('beyond the limit of containers, and of series, the rest is left out and counted', async (t) => {
  const roots = unpackRoots(t, 'containers-v2.txt');
  const { collector } = await createHost(t, roots, [WEB, DB, HOST], { limit: 2 }, { seriesMax: 80 });
  const text = await renderOnce(collector);
  assert.equal(samplesOf(text, 'container_last_seen').length, 1);
  assert.match(text, /left_out\{reason="limit"\} 1\n.*left_out\{reason="series"\} 1\n/);
});

test('a container with a thousand interfaces and block devices does not take the room of others', async (t) => {
  const roots = unpackRoots(t, 'containers-v2.txt');
  const interfaces = Array.from({ length: 1300 }, (_, i) => `eth${i}: ${'1 '.repeat(16)}`);
  writeFileSync(join(roots.proc, '4242/net/dev'), interfaces.join('\n'));
  const devices = Array.from({ length: 1000 }, (_, i) => `7:${i} rbytes=1 wbytes=2 rios=3 wios=4`);
  const folder = `fs/cgroup/system.slice/docker-${ID_WEB}.scope`;
  writeFileSync(join(roots.sys, folder, 'io.stat'), devices.join('\n'));
  const text = await renderOnce((await createHost(t, roots, [WEB, DB])).collector);
  assert.equal(samplesOf(text, 'container_last_seen').length, 2);
  const count = (name: string) => samplesOf(text, name).filter((line) => line.includes('shop-web-1')).length;
  assert.equal(count('container_network_receive_bytes_total'), 32);
  assert.equal(count('container_fs_reads_bytes_total'), 32);
  assert.deepEqual(samplesOf(text, 'tributary_reporter_container_devices_left_out'), [
    '{kind="interface"} 1268',
    '{kind="block"} 968',
  ]);
});

test('no limit of containers is so high that their details would fill the memory', () => {
  const parse = (limit: string) =>
    parseOptions(CONTAINERS_OPTIONS, { argv: [`--limit=${limit}`], env: {}, envPrefix: '' });
  assert.equal(parse('1000').limit, 1000);
  assert.throws(() => parse('1001'), /1001 is too large; at most 1000 can be/);
});

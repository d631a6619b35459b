import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@tributary/shared/clock';
import { encodeBatchFrame, encodeFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import { type GatewayFrame, STREAM_PATH, SUBPROTOCOL } from '@tributary/shared/frames';
import Database from 'better-sqlite3';
import { WebSocket } from 'ws';
import { ListenError, startGateway } from './gateway.ts';
import { LedgerOpenError } from './ledger/ledger.ts';
import { socketOf } from './link/link-test-support.ts';
import { gauges, helloOf } from './link/test-support.ts';
import { keepLog, makeOptions } from './wiring-test-support.ts';

/** Connects, says hello, and sends one batch of one gauge `a`; resolves when it is acked. */
async function report(url: string, seq: number, value: number): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws') + STREAM_PATH, SUBPROTOCOL);
  await once(socket, 'open');
  const frame = async (kind: string): Promise<GatewayFrame> => {
    const [data] = (await once(socket, 'message')) as [Buffer];
    const decoded = JSON.parse(String(data)) as GatewayFrame;
    assert.equal(decoded.kind, kind);
    return decoded;
  };
  const now = systemClock.now();
  socket.send(encodeFrame(helloOf({ clock: now, next: seq, run: `run-${seq}` })));
  const welcome = await frame('welcome');
  assert.equal(welcome.kind === 'welcome' && welcome.next, seq);
  socket.send(encodeShapeFrame(1, encodeShapeBody({ labels: {}, families: gauges('a') })));
  socket.send(encodeBatchFrame(seq, now, `[{"shape":1,"values":[${value}]}]`));
  await frame('ack');
  return socket;
}

async function get(url: string, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url + path);
  return { status: response.status, text: await response.text() };
}

function failOnDeath(error: Error): void {
  assert.fail(`the ledger died: ${error.message}`);
}

test('takes samples, shows them, sends everyone away, and knows them again after a restart', async (t) => {
  const options = await makeOptions(t);
  const log = keepLog();
  const gateway = await startGateway(options, log, failOnDeath);
  assert.equal((await get(gateway.url, '/-/ready')).status, 200);
  const socket = await report(gateway.url, 1, 42);
  const shown = await get(gateway.url, '/metrics');
  assert.match(shown.text, /^a\{instance="web-1",job="node",host="web-1"\} 42 \d{13}$/m);
  assert.match(shown.text, /^tributary_host_up\{host="web-1"\} 1$/m);
  assert.match(shown.text, /^tributary_gateway_connections 1$/m);
  assert.match(shown.text, /^tributary_ledger_batches 1$/m);
  assert.equal(JSON.parse((await get(gateway.url, '/api/v1/hosts')).text).data[0].host, 'web-1');
  const closed = once(socket, 'close');
  await gateway.stop();
  assert.equal((await closed)[0], 4005);
  await assert.rejects(get(gateway.url, '/-/healthy'));

  const again = await startGateway(options, log, failOnDeath);
  const restored = await get(again.url, '/metrics');
  assert.match(restored.text, /^a\{instance="web-1",job="node",host="web-1"\} 42 \d{13}$/m);
  assert.match(restored.text, /^tributary_host_up\{host="web-1"\} 1$/m);
  (await report(again.url, 2, 43)).terminate();
  await again.stop();
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('error')),
    [],
  );
});

test('stops in time, whatever hangs on it', async (t) => {
  const gateway = await startGateway(await makeOptions(t), keepLog(), failOnDeath);
  const port = Number(new URL(gateway.url).port);
  const mute = await report(gateway.url, 1, 1);
  // This one does not answer the close, that one never asked, and the last keeps a connection for later.
  // `ws` pauses frames, not the socket below them; only a deaf socket leaves a close unanswered.
  socketOf(mute).pause();
  const idle = connect(port, '127.0.0.1');
  const kept = request(`${gateway.url}/-/healthy`, { headers: { connection: 'keep-alive' } }).end();
  const [answer] = await once(kept, 'response');
  answer.resume();
  const startedMs = performance.now();
  await gateway.stop();
  assert.ok(performance.now() - startedMs < 4000);
  mute.terminate();
  idle.destroy();
});

test('a port in use, and a ledger in use, are named; nothing stays open', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as { port: number };
  const options = { ...(await makeOptions(t)), 'web.listen-address': `127.0.0.1:${port}` };
  await assert.rejects(startGateway(options, keepLog(), failOnDeath), (error: Error) => {
    assert.ok(error instanceof ListenError);
    assert.match(error.message, /^cannot listen on 127\.0\.0\.1:\d+: in use by another program; stop it/);
    return true;
  });
  blocker.close();
  const free = { ...options, 'web.listen-address': 'localhost:0' };
  const gateway = await startGateway(free, keepLog(), failOnDeath);
  await assert.rejects(startGateway(free, keepLog(), failOnDeath), LedgerOpenError);
  assert.equal((await get(gateway.url, '/-/ready')).status, 200);
  await gateway.stop();
});

test('a ledger that cannot commit is told once, with the folder, and again when it can', async (t) => {
  const options = await makeOptions(t);
  const log = keepLog();
  const gateway = await startGateway(options, log, failOnDeath);
  (await report(gateway.url, 1, 1)).terminate();
  const other = new Database(join(options['storage.path'], 'ledger.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const reported = report(gateway.url, 2, 2);
  const told = (line: RegExp) => log.lines.filter((text) => line.test(text));
  const cannot = /^error the ledger cannot commit.*--storage\.path \{"folder":.*SQLITE_BUSY/;
  while (told(cannot).length === 0) await setTimeout(20);
  other.exec('ROLLBACK');
  other.close();
  (await reported).terminate();
  assert.equal(told(cannot).length, 1);
  assert.equal(told(/^info the ledger commits again/).length, 1);
  assert.match((await get(gateway.url, '/metrics')).text, /^tributary_ledger_commit_failures_total [1-9]/m);
  await gateway.stop();
});

test('a damaged ledger is set aside and told, whenever the start finds it', async (t) => {
  const options = await makeOptions(t);
  const path = join(options['storage.path'], 'ledger.sqlite');
  for (const damage of ['at once', 'when the hosts are restored'] as const) {
    const before = await startGateway(options, keepLog(), failOnDeath);
    (await report(before.url, 1, 42)).terminate();
    await before.stop();
    if (damage === 'at once') writeFileSync(path, 'no database'.repeat(1000));
    else {
      const db = new Database(path);
      db.exec("UPDATE entries SET payload = x'00'");
      db.close();
    }
    const log = keepLog();
    const gateway = await startGateway(options, log, failOnDeath);
    const errors = log.lines.filter((line) => line.startsWith('error'));
    assert.equal(errors.length, 1, damage);
    assert.match(errors[0] ?? '', /^error the ledger was damaged: its file is set aside/);
    assert.equal((await get(gateway.url, '/-/ready')).status, 200);
    (await report(gateway.url, 1, 43)).terminate();
    await gateway.stop();
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal'])
      rmSync(join(options['storage.path'], name), { force: true });
  }
  const aside = readdirSync(options['storage.path']).filter((name) => /damaged-[-0-9TZ]+$/.test(name));
  assert.equal(aside.length, 2);
});

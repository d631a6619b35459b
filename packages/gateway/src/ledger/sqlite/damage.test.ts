import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { LedgerDamagedError, type ShapeKey } from '../ledger.ts';
import { batch, NO_BOUNDS } from '../ledger-test-support.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

const PAGE_BYTES = 4096;
const SHAPE: ShapeKey = { hash: 'a'.repeat(64), body: '{"labels":{},"families":[]}' };

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-damage-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A closed ledger of a few hundred pages. @returns its generation. */
async function fill(folder: string): Promise<string> {
  await using ledger = await SqliteLedger.open({ folder });
  const values = new Float64Array(500).map((_, i) => i);
  for (let seq = 1; seq <= 200; seq++) {
    const groups = [{ shape: SHAPE, at: seq * 1000, column: { values, absent: null } }];
    await ledger.append('web-1', 'e1', [{ ...batch(seq), groups }]);
  }
  return ledger.generation;
}

function overwrite(folder: string, fromPage: number, pages = Number.MAX_SAFE_INTEGER): void {
  const path = join(folder, 'ledger.sqlite');
  const from = fromPage * PAGE_BYTES;
  const length = Math.min(pages * PAGE_BYTES, statSync(path).size - from);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, from);
  closeSync(file);
}

function asideIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^ledger\.sqlite\.damaged-[-0-9TZ]+$/.test(name));
}

test('a file that is no ledger is set aside, never deleted, and a new one begins', async (t) => {
  const folder = await makeFolder(t);
  const garbage = 'this is not a database, but long enough to be looked at'.repeat(20);
  await writeFile(join(folder, 'ledger.sqlite'), garbage);
  await using ledger = await SqliteLedger.open({ folder });
  const aside = ledger.setAside ?? '';
  assert.ok(aside.startsWith(join(folder, 'ledger.sqlite.damaged-2')));
  assert.equal(await readFile(aside, 'utf8'), garbage);
  await ledger.append('web-1', 'e1', [batch(1)]);
  assert.equal((await ledger.read('web-1', 0, 10)).length, 1);
});

test('damage of the first pages is found at the start; a sound file is left where it is', async (t) => {
  const folder = await makeFolder(t);
  const generation = await fill(folder);
  const sound = await SqliteLedger.open({ folder });
  assert.deepEqual([sound.setAside, sound.generation], [null, generation]);
  await sound.close();
  overwrite(folder, 1);
  await using ledger = await SqliteLedger.open({ folder });
  assert.notEqual(ledger.generation, generation);
  assert.equal((await ledger.stream('web-1', 'e1')).next, null);
  assert.deepEqual(
    asideIn(folder).map((name) => join(folder, name)),
    [ledger.setAside],
  );
});

/** Opens a ledger whose damage does not show at once, and has `act` come upon it. */
async function comeUpon(t: TestContext, act: (ledger: SqliteLedger) => Promise<unknown>): Promise<void> {
  const folder = await makeFolder(t);
  const generation = await fill(folder);
  const pages = statSync(join(folder, 'ledger.sqlite')).size / PAGE_BYTES;
  overwrite(folder, Math.floor(pages / 8), Math.floor(pages * 0.75));
  const deaths: Error[] = [];
  const ledger = await SqliteLedger.open({ folder, onDeath: (error) => deaths.push(error) });
  assert.equal(ledger.setAside, null, 'the damage is too deep for a start to find');
  await assert.rejects(act(ledger), LedgerDamagedError);
  await assert.rejects(ledger.append('web-1', 'e1', [batch(999)]), LedgerDamagedError);
  await ledger.close();
  const [aside = '', ...others] = asideIn(folder);
  assert.deepEqual(others, []);
  assert.equal(deaths.length, 1);
  assert.match(deaths[0]?.message ?? '', /is damaged \(.+\) and is set aside as /);
  assert.ok(deaths[0]?.message.endsWith(join(folder, aside)));
  assert.notEqual(ledger.health.failure, null);
  await using next = await SqliteLedger.open({ folder });
  assert.notEqual(next.generation, generation);
  assert.deepEqual(await next.hosts(), []);
}

test('damage that a read comes upon ends the ledger, and the next one is new', (t) =>
  comeUpon(t, (ledger) => ledger.read('web-1', 0, 1000)));

test('and so does damage that a trim comes upon', (t) =>
  comeUpon(t, (ledger) => ledger.trim({ ...NO_BOUNDS, olderThan: 190_000 })));

test('and damage that a commit comes upon', async (t) => {
  const folder = await makeFolder(t);
  await fill(folder);
  const db = new Database(join(folder, 'ledger.sqlite'));
  const page = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'shapes'").pluck().get() as number;
  db.close();
  // A start does not look at shapes.
  overwrite(folder, page - 1, 1);
  const deaths: string[] = [];
  const ledger = await SqliteLedger.open({ folder, onDeath: (error) => deaths.push(error.message) });
  const appends = [1, 2, 3].map((seq) => ledger.append('web-2', 'e1', [batch(seq)]));
  for (const { status } of await Promise.allSettled(appends)) assert.equal(status, 'rejected');
  assert.equal(deaths.length, 1);
  assert.equal(asideIn(folder).length, 1);
  assert.equal(ledger.health.pendingBytes, 0);
  await ledger.close();
});

async function comeUponChange(
  t: TestContext,
  sql: string,
  act: (ledger: SqliteLedger) => Promise<unknown>,
  isPacked: boolean,
): Promise<void> {
  const folder = await makeFolder(t);
  await fill(folder);
  if (isPacked) {
    // Its entries are old enough.
    await using ledger = await SqliteLedger.open({ folder });
    await ledger.trim(NO_BOUNDS);
  }
  const db = new Database(join(folder, 'ledger.sqlite'));
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
  const ledger = await SqliteLedger.open({ folder });
  await assert.rejects(act(ledger), LedgerDamagedError);
  await ledger.close();
  assert.equal(asideIn(folder).length, 1);
}

const read = (ledger: SqliteLedger) => ledger.read('web-1', 0, 1000);
const seek = (ledger: SqliteLedger) => ledger.seek([{ host: 'web-1', after: 0 }], 100_000);
const trim = (ledger: SqliteLedger) => ledger.trim(NO_BOUNDS);

for (const [what, sql, ...acts] of [
  ['a payload that cannot be decoded', "UPDATE entries SET payload = x'00' WHERE seq = 100", read, trim],
  ['a shape that is not there', 'DELETE FROM shapes', read],
  ['an epoch that is not there', 'DELETE FROM streams', read, seek],
  ['shapes that are no list', "UPDATE entries SET shapes = '[' WHERE seq = 100", read, trim],
] as const) {
  for (const act of acts) {
    test(`${what} is damage, too, when a ${act.name} comes upon it`, (t) =>
      comeUponChange(t, sql, act, false));
  }
}

for (const [what, sql, ...acts] of [
  ['the head of a block', "UPDATE blocks SET head = x'00'", read, seek],
  [
    'a byte of a head',
    "UPDATE blocks SET head = CAST(substr(head, 1, 9) || x'a5' || substr(head, 11) AS BLOB)",
    read,
    seek,
  ],
  ['the body of a block', 'UPDATE blocks SET body = zeroblob(500)', read],
  [
    'a byte of a body',
    "UPDATE blocks SET body = CAST(substr(body, 1, 60) || x'a5' || substr(body, 62) AS BLOB)",
    read,
  ],
  ['the number of samples of a block', 'UPDATE blocks SET samples = samples + 1', read, seek],
  ['the place of a block', 'UPDATE blocks SET first_offset = first_offset + 1', read, seek],
  ['the shape of a block', 'DELETE FROM shapes', read],
  ['the epoch of a block', 'DELETE FROM streams', read, seek],
] as const) {
  for (const act of acts) {
    test(`${what} that is wrong is damage, when a ${act.name} comes upon it`, (t) =>
      comeUponChange(t, sql, act, true));
  }
}

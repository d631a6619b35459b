import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lockFolder, openFiles } from './files.ts';

const FILES = new URL('./files.ts', import.meta.url).href;

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-files-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a transaction that has returned is fsynced: WAL and synchronous=FULL', (t) => {
  const { db } = openFiles(makeFolder(t), 0, () => null);
  assert.equal(db.pragma('journal_mode', { simple: true }), 'wal');
  assert.equal(db.pragma('synchronous', { simple: true }), 2);
  db.close();
});

test('a folder is made with what is missing above it', (t) => {
  const folder = join(makeFolder(t), 'a', 'b', 'c');
  lockFolder(folder).close();
  openFiles(folder, 0, () => null).db.close();
});

test('a folder that the system will not make is named at once', () => {
  // In a process of its own: what never returned would hang this one.
  const code = `const { lockFolder } = await import(${JSON.stringify(FILES)});
    try { lockFolder('/proc/x/y'); } catch (error) { console.log(error.name + ': ' + error.message); }`;
  const argv = ['--conditions=tributary-source', '--input-type=module', '-e', code];
  const said = execFileSync(process.execPath, argv, { encoding: 'utf8', timeout: 10_000 });
  assert.match(
    said,
    /^LedgerOpenError: \/proc\/x\/y\/ledger\.sqlite: cannot be opened for writing \(ENOENT.*--storage\.path\n$/,
  );
});

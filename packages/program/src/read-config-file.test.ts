import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FILE_BYTES_MAX, readConfigFile } from './read-config-file.ts';

function fileWith(t: TestContext, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'config-file-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'reporter.yml');
  writeFileSync(file, content);
  return file;
}

test('a file is read as UTF-8, whatever its name', async (t) => {
  const { tree, problems } = await readConfigFile(fileWith(t, 'zone: Zürich\n'));
  assert.deepEqual(problems, []);
  assert.equal(
    tree?.kind === 'map' && tree.entries[0]?.value.kind === 'scalar' && tree.entries[0].value.text,
    'Zürich',
  );
});

test('a file that is not there, or is none, is told', async (t) => {
  const file = fileWith(t, '');
  for (const [path, message] of [
    [`${file}.none`, 'the file cannot be read: there is none'],
    [join(file, 'x'), 'the file cannot be read: ENOTDIR'],
    [join(file, '..'), 'the file cannot be read: it is a folder'],
  ] as const) {
    assert.deepEqual(await readConfigFile(path), { tree: null, problems: [{ line: 0, message }] });
  }
});

test('what is no UTF-8 is told with its line', async (t) => {
  for (const [bytes, line] of [
    [Buffer.from('a: 1\nb: Z\xfcrich\nc: 1\n', 'latin1'), 2],
    [Buffer.from('a: 1\nb: \xff', 'latin1'), 2],
    [Buffer.from('\ufeffa: 1\n', 'utf16le'), 1],
  ] as const) {
    const expected = { tree: null, problems: [{ line, message: 'the file is no UTF-8' }] };
    assert.deepEqual(await readConfigFile(fileWith(t, bytes)), expected);
  }
});

test('a file may have 1 MiB, and not a byte more', async (t) => {
  const text = '# comment\n'.padEnd(FILE_BYTES_MAX, '#');
  assert.deepEqual(await readConfigFile(fileWith(t, text)), { tree: null, problems: [] });
  assert.deepEqual(await readConfigFile(fileWith(t, `${text}#`)), {
    tree: null,
    problems: [{ line: 0, message: 'the file is larger than 1MB' }],
  });
  assert.equal((await readConfigFile('/dev/zero')).problems[0]?.message, 'the file is larger than 1MB');
});

test('a pipe is a file too', { skip: process.platform === 'win32' }, async (t) => {
  const pipe = `${fileWith(t, '')}.pipe`;
  execFileSync('mkfifo', [pipe]);
  const [{ tree }] = await Promise.all([readConfigFile(pipe), writeFile(pipe, 'a: 1\n')]);
  assert.equal(tree?.kind, 'map');
});

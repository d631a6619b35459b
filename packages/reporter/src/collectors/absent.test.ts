import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unlessAbsent } from './absent.ts';

test('what is missing costs one exception, and is seen when it appears', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-absent-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  let reads = 0;
  const read = () =>
    unlessAbsent(path, (file) => {
      reads++;
      return readFileSync(file, 'utf8');
    });
  assert.throws(read, { code: 'ENOENT' });
  assert.equal(read(), undefined);
  assert.equal(read(), undefined);
  assert.equal(reads, 1);
  writeFileSync(path, 'here');
  assert.equal(read(), 'here');
  rmSync(path);
  assert.throws(read, { code: 'ENOENT' });
  assert.equal(read(), undefined);
});

test('what is refused is asked again each time', () => {
  const refused = Object.assign(new Error('refused'), { code: 'EINVAL' });
  const read = () =>
    unlessAbsent('/proc/self', () => {
      throw refused;
    });
  assert.throws(read, refused);
  assert.throws(read, refused);
});

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseText } from '../../collectors/exposition-text/parse-text.ts';
import { saveGroups } from './group-file.ts';
import { Groups } from './groups.ts';

test('the folder is made durable once the new file has its name', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'groups-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const groups = new Groups({ host: 'web-1', statics: new Map(), takenJobs: [] });
  groups.push({ job: 'a' }, parseText('x 1\n'), true, { now: 1, mono: 1 });
  const seen: string[][] = [];
  await saveGroups(folder, groups, async (path) => {
    assert.match(readFileSync(join(path, 'pushed-groups.jsonl'), 'utf8'), /x 1/);
    seen.push(readdirSync(path));
  });
  assert.deepEqual(seen, [['pushed-groups.jsonl']]);
  // As it is without being told how.
  await saveGroups(folder, groups);
});

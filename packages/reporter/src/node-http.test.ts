import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Loads all that a reporter may need in its life, and tells what of Node that has loaded. */
const SCRIPT = `
for (const file of ['reporter.ts', 'targets/targets-feed.ts', 'applications/push/push-server.ts', 'collectors/containers/containers.ts'])
  await import(new URL(file, process.argv[1]).href);
console.log(JSON.stringify(process.moduleLoadList));
`;

test("nothing that a reporter loads loads Node's fetch, which is 6 MB", () => {
  const args = ['--conditions=tributary-source', '--input-type=module', '--eval', SCRIPT, import.meta.url];
  const loaded = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[];
  assert.ok(
    loaded.some((name) => name.endsWith('_http_client')),
    'HTTP itself is there',
  );
  assert.deepEqual(
    loaded.filter((name) => name.includes('undici')),
    [],
  );
});

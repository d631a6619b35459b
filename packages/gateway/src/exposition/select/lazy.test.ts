import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** In a process of its own, in which nothing else loads the engine. */
const PROGRAM = `
  import { createRequire } from 'node:module';
  import { parseSelector } from ${JSON.stringify(new URL('./selector.ts', import.meta.url).href)};
  const require = createRequire(${JSON.stringify(import.meta.url)});
  const isLoaded = () => Object.keys(require.cache).some((path) => path.includes('re2js'));
  for (const selector of ['up', 'up{a="b"}', '{a=~"b|c"}', '{a=~"(b|c\\\\\\\\.d)"}', '{a=~".+"}', 'up{a=~".*"}'])
    parseSelector(selector);
  const before = isLoaded();
  const matches = parseSelector('{a=~"b.+"}').matchers[0]?.matches('bc');
  console.log(JSON.stringify({ before, matches, after: isLoaded() }));
`;

test('the engine is loaded by the first expression that needs it', () => {
  const args = ['--conditions=tributary-source', '--input-type=module', '--eval', PROGRAM];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(output), { before: false, matches: true, after: true });
});

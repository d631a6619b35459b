/** What is shipped for Prometheus is taken by Prometheus, and asks for series that there are. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { pathOf, without } from './support/peers.ts';
import { REPOSITORY } from './support/programs.ts';

const FOLDER = join(REPOSITORY, 'deploy/prometheus');
const run = promisify(execFile);

async function promtool(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(pathOf('PROMTOOL'), [...args], { cwd: FOLDER });
  return stdout + stderr;
}

test('promtool takes the scrape config and the rules, and the rules do what their tests say', {
  skip: without('PROMTOOL'),
}, async () => {
  assert.match(await promtool('check', 'config', 'prometheus.yml'), /SUCCESS: prometheus\.yml is valid/);
  assert.match(await promtool('check', 'rules', 'tributary.rules.yml'), /SUCCESS: \d+ rules found/);
  assert.match(await promtool('test', 'rules', 'tributary.test.yml'), /SUCCESS/);
});

test('the rules ask for series that are documented', () => {
  const rules = readFileSync(join(FOLDER, 'tributary.rules.yml'), 'utf8');
  const docs = readFileSync(join(REPOSITORY, 'docs/OPERATIONS.md'), 'utf8');
  const asked = new Set(rules.match(/\btributary_[a-z_]+/g));
  assert.ok(asked.size > 15);
  // The documentation writes `tributary_ledger_pending_bytes`, `…_healthy` in one row.
  const isDocumented = (name: string) =>
    docs.includes(`\`${name}`) ||
    [...name.matchAll(/_/g)].some(({ index }) => docs.includes(`\`…${name.slice(index)}`));
  assert.deepEqual(
    [...asked].filter((name) => !isDocumented(name)),
    [],
  );
});

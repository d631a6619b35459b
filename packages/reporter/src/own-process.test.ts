/** The reporter's own process never loads the systeminformation package: its child does (collectors/system-child). */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('./collectors/system-child/child.ts', import.meta.url));

/** Says at the end, as the last line on stderr, which modules were asked for. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  const urls = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      urls.add(resolved.url);
      return resolved;
    },
  });
  process.on('exit', () => writeSync(2, '\\n' + JSON.stringify([...urls])));
`)}`;

async function modulesOf(file: string, ...args: readonly string[]): Promise<{ text: string; urls: string }> {
  const flags = ['--conditions=tributary-source', '--import', WATCH];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, file, ...args]);
  return { text: stdout, urls: stderr.split('\n').at(-1) ?? '' };
}

test('with an inventory of the host, which the child takes', async () => {
  const { text, urls } = await modulesOf(MAIN, 'once', '--collector.inventory', '--log.level=error');
  const told = text.split('\n').filter((line) => /^node_(inventory|scrape_collector_success)/.test(line));
  assert.match(told.join('\n'), /^node_inventory_cpu_threads \d+$/m);
  assert.match(told.join('\n'), /\{collector="cpu"\} 1$/m);
  assert.match(urls, /collectors\/list\.ts/);
  assert.doesNotMatch(urls, /systeminformation/);
});

test('the child does, so whoever watches would see it', async () => {
  const { urls } = await modulesOf(CHILD, 'memory', '20000', '0');
  assert.match(urls, /systeminformation/);
});

/**
 * `npm run compare`, `npm run generate` and `npm run bench -- [PART …]`: runs a program of this repository's tests on the sources as they are,
 * after installing and building what is missing.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, repository, runScript } from './ensure-installed.mjs';

const TOOLS = {
  compare: 'test/tools/compare.ts',
  bench: 'test/bench/main.ts',
  generate: 'test/tools/generate.ts',
};

async function main() {
  const [tool, ...args] = process.argv.slice(2);
  const file = join(repository, TOOLS[tool]);
  const node = await ensureInstalled({ build: true });
  const child = spawn(node, ['--conditions=tributary-source', file, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

await runScript(main);

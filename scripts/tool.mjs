/**
 * `npm run compare` and `npm run bench -- NAME [ARGS]`: runs a program of this repository's tests on the sources as they are,
 * after installing and building what is missing.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, repository, runScript, SetupError } from './ensure-installed.mjs';

const BENCHES = join(repository, 'test/bench');

/** The file to run, and what is left of the arguments. */
function choose([tool, ...args]) {
  if (tool === 'compare') return [join(repository, 'test/tools/compare.ts'), args];
  const [name, ...rest] = args;
  const file = join(BENCHES, `${name}.mjs`);
  if (name !== undefined && /^[a-z-]+$/.test(name) && existsSync(file)) return [file, rest];
  const names = readdirSync(BENCHES)
    .filter((entry) => entry.endsWith('.mjs'))
    .map((entry) => entry.slice(0, -'.mjs'.length));
  throw new SetupError(`which bench? npm run bench -- NAME, one of ${names.join(', ')}`);
}

async function main() {
  const [file, args] = choose(process.argv.slice(2));
  const node = await ensureInstalled({ build: true });
  const child = spawn(node, ['--conditions=tributary-source', file, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

await runScript(main);

/**
 * `npm run gateway -- FLAGS` and `npm run reporter -- FLAGS`: one program, after installing and building what is missing.
 *
 * package.json says `exec node …`: npm starts a shell, sends it the SIGTERM that it gets itself, and the shell would end
 * alone, leaving all this running.
 */
import { spawn } from 'node:child_process';
import { ensureInstalled, runScript, SetupError } from './ensure-installed.mjs';
import { nodeArguments, PROGRAMS } from './program.mjs';

async function main() {
  const [name, ...args] = process.argv.slice(2);
  if (!PROGRAMS.includes(name)) throw new SetupError(`which program? ${PROGRAMS.join(' or ')}`);
  const node = await ensureInstalled({ build: true });
  const child = spawn(node, nodeArguments(name, args), { stdio: 'inherit' });
  // Ctrl-C reaches both; what is sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`tributary: the ${name} cannot be started: ${error.message}\n`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

await runScript(main);

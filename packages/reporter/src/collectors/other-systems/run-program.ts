/** Runs a system's own program that answers at once, and gives what it wrote. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from '../child-environment.ts';

/** @throws Error when the program is not there, fails, hangs or does not stop writing. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** These programs lie where root's path has them, and a service's has not. */
const MORE_FOLDERS = ['/sbin', '/usr/sbin', '/bin', '/usr/bin'];

export const runProgram: RunProgram = async (program, args) => {
  const { stdout } = await promisify(execFile)(program, [...args], {
    encoding: 'utf8',
    env: childEnvironment({ LC_ALL: 'C', PATH: [process.env['PATH'] ?? [], MORE_FOLDERS].flat().join(':') }),
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return stdout;
};

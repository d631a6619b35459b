/**
 * A view of this machine without Node.js: a root folder that holds one executable, the libraries that it is linked with, and
 * nothing else that could be run. Needs root, unshare(1), mount(8), chroot(8) and ldd(1).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ChildOptions } from './child.ts';
import { isCi } from './peers.ts';

/** For a test's `skip` option: why there can be none here, or false. In CI that fails, so that nothing is passed by. */
export function withoutBareRoot(): string | false {
  if (isCi()) return false;
  if (process.getuid?.() !== 0) return 'another root folder can be entered by root only';
  return spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'unshare(1) does not make mounts here';
}

/** `/data`, which is the working folder, is mounted `noexec`; `/tmp` is not. */
const ENTER = `
mount -t proc proc "$1/proc" 2>/dev/null || mount --bind /proc "$1/proc"
mount -t tmpfs -o noexec,mode=0755 tmpfs "$1/data"
exec chroot "$@"
`;

/** @param folder an empty one, on the file system of the executable */
export function inBareRoot(folder: string, executable: string, args: readonly string[]): ChildOptions {
  const root = join(folder, 'root');
  for (const name of ['proc', 'data', 'tmp', 'sys']) mkdirSync(join(root, name), { recursive: true });
  for (const library of execFileSync('ldd', [executable], { encoding: 'utf8' }).match(/\/\S+/g) ?? []) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  linkSync(executable, join(root, 'program'));
  return {
    name: 'the executable in a bare root',
    command: 'unshare',
    // The shell becomes the program: it has the process id that signals go to.
    args: ['--mount', 'sh', '-ec', ENTER, 'sh', root, '/program', ...args],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  };
}

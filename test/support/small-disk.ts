/** A file system of a few MiB, for disks that run full. Needs root and mount(8). */
import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { atEnd } from './at-end.ts';
import { isCi } from './peers.ts';
import { tempDir } from './temp-dir.ts';

/** For a test's `skip` option: why there can be none here, or false. In CI that fails, so that nothing is passed by. */
export function withoutSmallDisk(): string | false {
  if (process.getuid?.() === 0 || isCi()) return false;
  return 'a file system can be mounted by root only';
}

export class SmallDisk {
  readonly path: string;
  readonly #filler: string;

  private constructor(path: string) {
    this.path = path;
    this.#filler = join(path, 'filler');
  }

  static async mount(t: TestContext, mebibytes: number): Promise<SmallDisk> {
    const path = await tempDir(t);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'none', path], {
      encoding: 'utf8',
    });
    if (mounted.status !== 0) throw new Error(`cannot mount a small disk: ${mounted.stderr}`);
    // Lazily: who is just being stopped may still have files open.
    atEnd(t, async () => void spawnSync('umount', ['-l', path]));
    return new SmallDisk(path);
  }

  /** Leaves no more than so many bytes free; less, where somebody else is writing. */
  async fill(freeBytes: number): Promise<void> {
    const { bavail, bsize } = statfsSync(this.path);
    try {
      await writeFile(this.#filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Gives back what `fill` took. */
  async free(): Promise<void> {
    await truncate(this.#filler);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { atEnd } from './at-end.ts';

/** A folder of this test's own, gone after it. */
export async function tempDir(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  // A child that is just being killed may still write into it.
  atEnd(t, () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return path;
}

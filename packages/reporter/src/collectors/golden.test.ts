/** Every collector of Linux, those off by default too, on the fixtures, against one golden file. UPDATE_GOLDEN=1 writes it anew. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { COLLECTORS, createCollectors } from './list.ts';
import type { FilesystemStats } from './statfs-pool.ts';
import { FIXTURE_ROOTS, FIXTURE_SYSTEMCTL, FIXTURE_TIMEX, GOLDEN_FILE, renderOnce } from './test-support.ts';

// The zone is the process's: the golden file must not depend on where it is compared.
process.env['TZ'] = 'UTC';

/** One network mount that is not there, as its server is being restarted; the rest are half full. */
function statfs(path: string): Promise<FilesystemStats> {
  if (path.endsWith('/srv/archive'))
    return Promise.reject(Object.assign(new Error('ESTALE'), { errno: -116 }));
  return Promise.resolve({
    bsize: 4096,
    blocks: 4_000_000,
    bfree: 2_000_000,
    bavail: 1_800_000,
    files: 900,
    ffree: 450,
  });
}

test('the exposition of a small host', async (t) => {
  const fixtures = dirname(FIXTURE_ROOTS.proc);
  // udev's files have a colon in their names, which not every system that this repository is cloned on allows.
  const udevData = mkdtempSync(join(tmpdir(), 'udev-'));
  t.after(() => rmSync(udevData, { recursive: true, force: true }));
  for (const name of readdirSync(join(fixtures, 'udev'))) {
    cpSync(join(fixtures, 'udev', name), join(udevData, name.replace('_', ':')));
  }
  const collectors = createCollectors({
    roots: FIXTURE_ROOTS,
    platform: 'linux',
    enabled: new Map(COLLECTORS.map(({ name }) => [name, true])),
    settings: { 'collector.stat.softirq': true, 'collector.systemd.enable-restarts-metrics': true },
    now: () => 1_772_000_000_125,
    statfs,
    udevData,
    systemctl: FIXTURE_SYSTEMCTL,
    containerSockets: [],
    timex: FIXTURE_TIMEX,
  });
  let text = '';
  for (const collector of collectors) {
    try {
      text += await renderOnce(collector);
    } catch (error) {
      if (!(error instanceof NoDataError)) throw error;
      text += `# ${collector.name}: no data\n`;
    }
  }
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN_FILE, text);
  assert.equal(text, readFileSync(GOLDEN_FILE, 'utf8'));
});

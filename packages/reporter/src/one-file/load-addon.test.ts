import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BuiltInAddon, loadAddon } from './load-addon.ts';

const CONTENT = 'what was built in';

function addonOf(content: string): BuiltInAddon & { asked: number } {
  return {
    name: 'sqlite',
    sha256: createHash('sha256').update(content).digest('hex'),
    asked: 0,
    bytes() {
      this.asked++;
      return Buffer.from(content);
    },
  };
}

/** Stands for the system: what it was given to load. */
const read = (path: string) => ({ content: fs.readFileSync(path, 'utf8') });

function parent(t: TestContext): string {
  const path = fs.mkdtempSync(join(tmpdir(), 'load-addon-'));
  t.after(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

test('it is written once, for this user alone, and found by the next start', (t) => {
  const folder = join(parent(t), 'native');
  const addon = addonOf(CONTENT);
  assert.deepEqual(loadAddon(addon, [folder], read), { content: CONTENT });
  assert.deepEqual(loadAddon(addon, [folder], read), { content: CONTENT });
  assert.equal(addon.asked, 1);
  assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
  const [file = '', ...others] = fs.readdirSync(folder);
  assert.deepEqual(others, []);
  assert.equal(file, `sqlite-${addon.sha256.slice(0, 16)}.node`);
  assert.equal(fs.statSync(join(folder, file)).mode & 0o777, 0o500);
});

test('another content under its name is replaced, and never loaded', (t) => {
  const folder = join(parent(t), 'native');
  const addon = addonOf(CONTENT);
  loadAddon(addon, [folder], read);
  const file = join(folder, fs.readdirSync(folder)[0] ?? '');
  fs.chmodSync(file, 0o700);
  fs.writeFileSync(file, 'what somebody planted');
  assert.deepEqual(loadAddon(addon, [folder], read), { content: CONTENT });
  // The right content, which others can still change.
  fs.chmodSync(file, 0o777);
  assert.deepEqual(loadAddon(addon, [folder], read), { content: CONTENT });
  assert.equal(fs.statSync(file).mode & 0o777, 0o500);
});

test('a link under its name is replaced, and where it leads to left as it is', (t) => {
  const folder = parent(t);
  const addon = addonOf(CONTENT);
  const elsewhere = join(parent(t), 'elsewhere');
  fs.writeFileSync(elsewhere, CONTENT, { mode: 0o500 });
  const file = join(folder, `sqlite-${addon.sha256.slice(0, 16)}.node`);
  fs.symlinkSync(elsewhere, file);
  assert.deepEqual(loadAddon(addon, [folder], read), { content: CONTENT });
  assert.ok(fs.lstatSync(file).isFile());
  assert.equal(addon.asked, 1);
});

test('what is checked is what is loaded, whatever happens to its name meanwhile', {
  skip: !fs.existsSync('/proc/self/fd') && 'open files have no names on this system',
}, (t) => {
  const folder = join(parent(t), 'native');
  const load = (path: string) => {
    for (const name of fs.readdirSync(folder)) fs.rmSync(join(folder, name));
    fs.writeFileSync(join(folder, `sqlite-${addonOf(CONTENT).sha256.slice(0, 16)}.node`), 'planted');
    return read(path);
  };
  assert.deepEqual(loadAddon(addonOf(CONTENT), [folder], load), { content: CONTENT });
});

test('a folder that others may write to, a link, a file, and one where nothing can be loaded are passed over', (t) => {
  const top = parent(t);
  const open = join(top, 'open');
  fs.mkdirSync(open);
  fs.chmodSync(open, 0o777);
  const link = join(top, 'link');
  fs.mkdirSync(join(top, 'behind-it'), { mode: 0o700 });
  fs.symlinkSync(join(top, 'behind-it'), link);
  const file = join(top, 'file');
  fs.writeFileSync(file, '');
  const noexec = join(top, 'noexec');
  const good = join(top, 'good');
  let tries = 0;
  const load = (path: string) => {
    if (tries++ === 0) throw new Error('failed to map segment from shared object');
    return read(path);
  };
  const folders = [open, link, file, noexec, good];
  assert.deepEqual(loadAddon(addonOf(CONTENT), folders, load), { content: CONTENT });
  assert.deepEqual(fs.readdirSync(open), []);
  assert.deepEqual(fs.readdirSync(join(top, 'behind-it')), []);
  assert.equal(tries, 2);
  assert.equal(fs.readdirSync(good).length, 1);
});

test('where no folder will do, each has its reason', (t) => {
  const top = parent(t);
  const missing = join(top, 'not/there');
  assert.throws(
    () =>
      loadAddon(addonOf(CONTENT), [join(top, 'a'), missing], () => {
        throw new Error('not here');
      }),
    (error: Error) =>
      error.message.includes(`${join(top, 'a')}: not here; `) && error.message.includes(`${missing}: ENOENT`),
  );
});

test('what an earlier version has left goes', (t) => {
  const folder = join(parent(t), 'native');
  loadAddon(addonOf('the version before'), [folder], read);
  fs.writeFileSync(join(folder, 'a-file-of-the-user'), '');
  loadAddon(addonOf(CONTENT), [folder], read);
  assert.deepEqual(fs.readdirSync(folder).sort(), [
    'a-file-of-the-user',
    `sqlite-${addonOf(CONTENT).sha256.slice(0, 16)}.node`,
  ]);
});

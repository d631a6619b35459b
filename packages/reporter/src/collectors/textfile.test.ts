import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { expandGlob, globToRegExp } from './glob.ts';
import { collectOnce, render, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';
import { createTextfileCollector, parseTextFile } from './textfile.ts';

/** A folder with these files. */
function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const { root } = temporaryRoots(t, {
    'root/empty': '',
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`root/files/${name}`, text])),
  });
  return join(root, 'files');
}

const textOf = (...directory: string[]) => renderOnce(createTextfileCollector({ directory }));
const errorOf = (text: string) => samplesOf(text, 'node_textfile_scrape_error');

test('serves every .prom file, and tells when it was written', async (t) => {
  const directory = folder(t, {
    'a.prom': 'a_total 1\n',
    'b.prom': '# HELP h Some.\n# TYPE h histogram\nh_bucket{le="+Inf"} 3\nh_sum 4\nh_count 3\n',
    'c.txt': 'c 1\n',
    'sub/d.prom': 'd 1\n',
  });
  const text = await textOf(directory);
  assert.match(
    text,
    new RegExp(`# HELP a_total Metric read from ${directory}/a.prom\n# TYPE a_total untyped\na_total 1\n`),
  );
  assert.match(text, /# TYPE h histogram\nh_bucket\{le="\+Inf"\} 3\nh_sum 4\nh_count 3\n/);
  assert.deepEqual(errorOf(text), ['0']);
  assert.equal(samplesOf(text, 'node_textfile_mtime_seconds').length, 2);
  assert.doesNotMatch(text, /^[cd] /m);
});

test('a file with a mistake costs itself only', async (t) => {
  const bad = ['a{', 'a 1', 'a 1 1772000000125\n', 'a 1\na 2\n', 'a 1\r\n'];
  for (const text of bad) {
    const told = await textOf(folder(t, { 'bad.prom': text, 'good.prom': 'good 1\n' }));
    assert.deepEqual(
      [errorOf(told), samplesOf(told, 'good'), samplesOf(told, 'a')],
      [['1'], ['1'], []],
      text,
    );
    assert.equal(samplesOf(told, 'node_textfile_mtime_seconds').length, 1);
  }
  assert.throws(() => parseTextFile(Buffer.from([0x61, 0xff, 0x20, 0x31, 0x0a])), /no UTF-8/);
});

test('a file with more series than files may have together costs itself only', async (t) => {
  const many = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${name}{i="${i}"} 1\n`).join('');
  const directory = folder(t, {
    '1.prom': many('a', 9_000),
    '2.prom': many('b', 1_001),
    '3.prom': many('c', 1_000),
  });
  const warned: string[] = [];
  const text = await renderOnce(
    createTextfileCollector({ directory: [directory] }, (_, why) => warned.push(why)),
  );
  const told = ['a', 'b', 'c'].map((name) => samplesOf(text, name).length);
  assert.deepEqual([told, errorOf(text)], [[9_000, 0, 1_000], ['1']]);
  assert.deepEqual(warned, ['1001 series: with them there would be more than 10000 in files']);
});

test('of files that contradict each other the first is right', async (t) => {
  const directory = folder(t, {
    '1.prom': '# HELP a First.\n# TYPE a gauge\na{x="1"} 1\n',
    '2.prom': '# HELP a Second.\n# TYPE a gauge\na{x="2"} 2\n',
    '3.prom': 'b 1\n# TYPE a counter\na{x="3"} 3\n',
    '4.prom': 'c 1\n# TYPE a gauge\na{x="1"} 4\n',
  });
  const text = await textOf(directory);
  assert.deepEqual(samplesOf(text, 'a'), ['{x="1"} 1', '{x="2"} 2']);
  assert.match(text, /# HELP a First\./);
  assert.doesNotMatch(text, /^[bc] /m);
  assert.deepEqual(errorOf(text), ['1']);
});

test('a file that cannot be read costs itself, a folder that is not there is an error, and no folder is none', async (t) => {
  const directory = folder(t, { 'a.prom': 'a 1\n' });
  mkdirSync(join(directory, 'b.prom'));
  symlinkSync('nowhere', join(directory, '0.prom'));
  const text = await textOf(directory);
  assert.deepEqual([errorOf(text), samplesOf(text, 'a')], [['1'], ['1']]);
  assert.deepEqual(errorOf(await textOf(join(directory, 'none'))), ['1']);
  assert.deepEqual(errorOf(await textOf()), ['0']);
});

test('a file that was written again is read again', async (t) => {
  const directory = folder(t, { 'a.prom': 'a 1\n' });
  const collector = createTextfileCollector({ directory: [directory] });
  assert.deepEqual(samplesOf(await renderOnce(collector), 'a'), ['1']);
  writeFileSync(join(directory, 'a.prom'), 'a 22\n');
  assert.deepEqual(samplesOf(await renderOnce(collector), 'a'), ['22']);
  writeFileSync(join(directory, 'a.prom'), 'a twenty\n');
  assert.deepEqual(errorOf(await renderOnce(collector)), ['1']);
});

test('folders by pattern', async (t) => {
  const directory = folder(t, { 'one/a.prom': 'a 1\n', 'two/b.prom': 'b 1\n', 'three/c.prom': 'c 1\n' });
  assert.deepEqual(await expandGlob(join(directory, 't*')), [
    join(directory, 'three'),
    join(directory, 'two'),
  ]);
  assert.deepEqual(await expandGlob(join(directory, 'x*')), [join(directory, 'x*')]);
  assert.match('a.b', globToRegExp('a.[a-c]'));
  assert.doesNotMatch('axb', globToRegExp('a.?'));
  const text = await textOf(join(directory, 't*'));
  assert.deepEqual([samplesOf(text, 'a'), samplesOf(text, 'b'), samplesOf(text, 'c')], [[], ['1'], ['1']]);
});

test('why a file is not served is told once, and again when it is another reason', async (t) => {
  const directory = folder(t, {
    'a.prom': 'a{\n',
    'b.prom': 'tributary_x 1\n',
    'c.prom': 'node_textfile_scrape_error 0\n',
  });
  const told: string[] = [];
  const collector = createTextfileCollector(
    { directory: [directory, join(directory, 'none')] },
    (path, reason) => told.push(`${path.slice(directory.length)} ${reason}`),
  );
  for (let i = 0; i < 3; i++) await renderOnce(collector);
  assert.equal(told.length, 4);
  assert.match(told[0] ?? '', /^\/none ENOENT/);
  assert.match(told[1] ?? '', /^\/a\.prom line 1: /);
  assert.match(told[2] ?? '', /^\/b\.prom tributary_x: .* taken/);
  assert.match(told[3] ?? '', /^\/c\.prom node_textfile_scrape_error is told of the files themselves/);
  writeFileSync(join(directory, 'a.prom'), 'a 1 2\n');
  await renderOnce(collector);
  assert.match(told[4] ?? '', /^\/a\.prom timestamps are not supported/);
  writeFileSync(join(directory, 'a.prom'), 'a 1\n');
  await renderOnce(collector);
  assert.equal(told.length, 5);
});

test('what a collector tells is left out, counted, and an error', async (t) => {
  const directory = folder(t, { 'a.prom': 'a 1\nnode_load1 7\nz{x="1"} 2\nnode_load1{x="1"} 8\n' });
  const collector = createTextfileCollector({ directory: [directory] });
  const tick = async () => {
    const column = await collectOnce(collector);
    assert.ok(column);
    return column;
  };
  const column = await tick();
  assert.deepEqual(
    collector.settle?.(column, () => false),
    { column, leftOut: null },
  );
  const settled = collector.settle?.(column, (family) => family === 'node_load1');
  const text = render(settled?.column ?? null);
  assert.deepEqual(
    [samplesOf(text, 'a'), samplesOf(text, 'z'), samplesOf(text, 'node_load1')],
    [['1'], ['{x="1"} 2'], []],
  );
  assert.deepEqual(errorOf(text), ['1']);
  assert.equal(samplesOf(text, 'node_textfile_mtime_seconds').length, 1);
  assert.deepEqual(settled?.leftOut, {
    series: 2,
    reason: "told by this host's collectors already: node_load1",
  });
  const again = collector.settle?.({ ...column }, (family) => family === 'node_load1');
  assert.equal(again?.column.shape, settled?.column.shape);
});

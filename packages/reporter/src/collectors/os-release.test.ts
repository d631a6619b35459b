import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createOsCollector, parseOsRelease } from './os-release.ts';
import { collectOnce, renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('undoes quotes and skips comments', () => {
  const release = parseOsRelease(`# comment\n\nNAME="A \\"B\\""\nID=debian\nVARIANT='a \\ b'\nEMPTY=\n`);
  assert.deepEqual(Object.fromEntries(release), {
    NAME: 'A "B"',
    ID: 'debian',
    VARIANT: 'a \\ b',
    EMPTY: '',
  });
});

test('a line without a value and a quote that was cut are errors', () => {
  assert.throws(() => parseOsRelease('NAME\n'), /expected KEY=value: "NAME"/);
  assert.throws(() => parseOsRelease('NAME="Debi'), /closing quote is missing: "NAME=\\"Debi"/);
});

test('the version is the leading major.minor', async (t) => {
  const version = async (id: string) => {
    const roots = temporaryRoots(t, { 'root/etc/os-release': `ID=x\nVERSION_ID="${id}"\n` });
    return samplesOf(await renderOnce(createOsCollector(roots)), 'node_os_version');
  };
  assert.deepEqual(await version('24.04.1'), ['{id="x"} 24.04']);
  assert.deepEqual(await version('13'), ['{id="x"} 13']);
  assert.deepEqual(await version('rolling'), []);
});

test('the file is read again when it changed, from the second place when the first is empty', async (t) => {
  const roots = temporaryRoots(t, { 'root/usr/lib/os-release': 'ID=fedora\nVERSION_ID=43\n' });
  const collector = createOsCollector(roots);
  assert.deepEqual(samplesOf(await renderOnce(collector), 'node_os_version'), ['{id="fedora"} 43']);
  writeFileSync(join(roots.root, 'usr/lib/os-release'), 'ID=fedora\nVERSION_ID=44.1\n');
  assert.deepEqual(samplesOf(await renderOnce(collector), 'node_os_version'), ['{id="fedora"} 44.1']);
});

test('no os-release file is no fault, a bad date is one', async (t) => {
  await assert.rejects(async () => collectOnce(createOsCollector(temporaryRoots(t, {}))), NoDataError);
  const roots = temporaryRoots(t, { 'root/etc/os-release': 'ID=x\nSUPPORT_END=soon\n' });
  await assert.rejects(
    async () => collectOnce(createOsCollector(roots)),
    /etc\/os-release: SUPPORT_END is no date: "soon"/,
  );
});

test('macOS has a property list in its place', async (t) => {
  const file = 'root/System/Library/CoreServices/SystemVersion.plist';
  const entry = (key: string, value: string) => `\t<key>${key}</key>\n\t<string>${value}</string>\n`;
  const text = `<plist version="1.0">\n<dict>\n${entry('ProductBuildVersion', '23F79')}${entry('ProductName', 'macOS')}${entry('ProductVersion', '14.5')}</dict>\n</plist>\n`;
  const told = await renderOnce(createOsCollector(temporaryRoots(t, { [file]: text })));
  assert.deepEqual(samplesOf(told, 'node_os_info'), [
    '{build_id="23F79",name="macOS",version="14.5",version_id="14.5"} 1',
  ]);
  assert.deepEqual(samplesOf(told, 'node_os_version'), ['{name="macOS"} 14.5']);
  await assert.rejects(
    async () => collectOnce(createOsCollector(temporaryRoots(t, { [file]: '<plist/>' }))),
    /SystemVersion.plist: neither name nor version/,
  );
});

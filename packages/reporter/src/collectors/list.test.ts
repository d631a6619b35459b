import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLLECTORS, createCollectors } from './list.ts';
import { FIXTURE_ROOTS } from './test-support.ts';

function names(platform: string, enabled: Readonly<Record<string, boolean>> = {}): string[] {
  const chosen = new Map(Object.entries(enabled));
  return createCollectors({ roots: FIXTURE_ROOTS, platform, enabled: chosen, now: () => 0 }).map(
    ({ name }) => name,
  );
}

test('on Linux all run but that of other systems and those that are off, in the order of the table', () => {
  assert.deepEqual(
    names('linux'),
    COLLECTORS.filter((known) => known.enabledByDefault && known.name !== 'boottime').map(({ name }) => name),
  );
});

test('elsewhere those run that have another way there, under the same names', () => {
  const darwin = names('darwin');
  assert.ok(darwin.includes('cpu') && darwin.includes('boottime'));
  assert.ok(!darwin.includes('vmstat'));
  assert.deepEqual(
    darwin.filter((name) => !names('darwin', { cpu: false }).includes(name)),
    ['cpu'],
  );
});

test('a collector can be switched off, and one of another platform is left out', () => {
  assert.ok(!names('linux', { cpu: false }).includes('cpu'));
  assert.deepEqual(names('linux', { boottime: true }), names('linux'));
});

test('a collector that there is not is refused', () => {
  assert.throws(() => names('linux', { gpu: true }), /there is no collector gpu/);
});

test('every collector has a name of its own and one line of help', () => {
  assert.equal(new Set(COLLECTORS.map(({ name }) => name)).size, COLLECTORS.length);
  for (const { name, help, options } of COLLECTORS) {
    assert.match(name, /^[a-z_]+$/);
    for (const text of [help, ...Object.values(options).map((option) => option.help)]) {
      assert.match(text, /^[^\n]+\.$/);
    }
  }
});

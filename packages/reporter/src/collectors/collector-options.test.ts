import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { conflictsOf, filterOptions, keepBy, patternOption, settingsOf } from './collector-options.ts';

const FILTER = filterOptions('device', 'things', '^lo$');

function kept(given: Readonly<Record<string, unknown>>): string[] {
  const [conflict] = conflictsOf('net', FILTER, given);
  if (conflict !== undefined) throw conflict;
  const keep = keepBy(FILTER, settingsOf('net', FILTER, given), 'device');
  return ['lo', 'eth0', 'veth1'].filter(keep);
}

test('a pattern is searched for, or must match the whole when it is anchored', () => {
  assert.equal(patternOption({ help: '' }).parse(['et'])?.test('veth1'), true);
  const anchored = patternOption({ help: '', default: 'eth|lo', anchored: true });
  assert.equal(anchored.parse(['et'])?.test('eth'), false);
  assert.deepEqual(
    ['lo', 'eth', 'eth0'].filter((name) => anchored.defaultValue?.test(name)),
    ['lo', 'eth'],
  );
});

test('an include takes the place of the default exclude', () => {
  assert.deepEqual(kept({}), ['eth0', 'veth1']);
  assert.deepEqual(kept({ 'collector.net.device-include': /^lo|^eth/ }), ['lo', 'eth0']);
  assert.deepEqual(kept({ 'collector.net.device-exclude': /eth/ }), ['lo']);
  assert.deepEqual(kept({ 'collector.net.device-exclude': null }), ['lo', 'eth0', 'veth1']);
});

test('both at once are refused, unless one is empty', () => {
  const empty = { 'collector.net.device-include': /veth/, 'collector.net.device-exclude': null };
  assert.deepEqual(kept(empty), ['veth1']);
  const both = { 'collector.net.device-include': /a/, 'collector.net.device-exclude': /b/ };
  assert.throws(
    () => kept(both),
    /--collector.net.device-include and --collector.net.device-exclude cannot be given together/,
  );
});

test('what Go takes and JavaScript does not is translated or refused', () => {
  const { parse } = patternOption({ help: '' });
  assert.deepEqual(parse(['']), null);
  assert.deepEqual(parse(['(?i)Eth']), /Eth/i);
  assert.deepEqual(parse(['(?P<name>a)']), /(?<name>a)/);
  assert.throws(() => parse(['a\\z']), /\\z is not supported here/);
  assert.deepEqual(parse(['a\\\\A']), /a\\A/);
  assert.throws(() => parse(['[[:alpha:]]']), /is not supported here/);
  assert.throws(() => parse(['(a']), new OptionError('"(a" is no regular expression'));
});

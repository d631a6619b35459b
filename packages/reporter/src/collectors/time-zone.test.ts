import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLocalZone, parseZoneRule, zoneRuleOf } from './time-zone.ts';

test('reads the names and offsets of a POSIX rule', () => {
  assert.deepEqual(parseZoneRule('UTC0'), [{ name: 'UTC', offsetSeconds: 0 }]);
  assert.deepEqual(parseZoneRule('CET-1CEST,M3.5.0,M10.5.0/3'), [
    { name: 'CET', offsetSeconds: 3600 },
    { name: 'CEST', offsetSeconds: 7200 },
  ]);
  assert.deepEqual(parseZoneRule('<-03>3'), [{ name: '-03', offsetSeconds: -10800 }]);
  // Daylight time of half an hour, and a negative one: winter is the exception in Ireland.
  assert.deepEqual(parseZoneRule('<+1030>-10:30<+11>-11,M10.1.0,M4.1.0'), [
    { name: '+1030', offsetSeconds: 37800 },
    { name: '+11', offsetSeconds: 39600 },
  ]);
  assert.deepEqual(parseZoneRule('IST-1GMT0,M10.5.0,M3.5.0/1'), [
    { name: 'IST', offsetSeconds: 3600 },
    { name: 'GMT', offsetSeconds: 0 },
  ]);
  assert.deepEqual(parseZoneRule(''), []);
});

test('finds the rule at the end of a TZif file', () => {
  assert.equal(zoneRuleOf(Buffer.from('TZif2\0\n…\nEST5EDT,M3.2.0,M11.1.0\n')), 'EST5EDT,M3.2.0,M11.1.0');
  assert.equal(zoneRuleOf(Buffer.from('TZif2\0\n\n')), '');
  assert.equal(zoneRuleOf(Buffer.from('no zone\n')), '');
  assert.equal(zoneRuleOf(Buffer.alloc(0)), '');
});

test('an empty TZ is UTC, and without zone files a name still comes', (t) => {
  const before = process.env['TZ'];
  t.after(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
  process.env['TZ'] = 'UTC';
  const noon = Date.UTC(2026, 5, 1, 12);
  assert.deepEqual(createLocalZone('')(noon), { name: 'UTC', offsetSeconds: 0 });
  assert.deepEqual(createLocalZone('/nowhere')(noon), { name: 'UTC', offsetSeconds: 0 });
  process.env['TZ'] = 'America/New_York';
  assert.deepEqual(createLocalZone('/nowhere')(noon), { name: 'EDT', offsetSeconds: -14400 });
});

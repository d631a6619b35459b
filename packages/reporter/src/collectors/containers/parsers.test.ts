/** The parsers of control groups' files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '../source.ts';
import { parseBlkio } from './cgroup-v1.ts';
import { parseCpuMax, parseIoStat, parsePressure } from './cgroup-v2.ts';
import { countLines, parseAmount, parseKeyed } from './files.ts';

test('io.stat: devices with figures, also where one without stands before it on its line', () => {
  const text =
    '8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n7:0 \n7:1 253:0 rbytes=9 cost.usage=1\n';
  assert.deepEqual(
    parseIoStat(text).map(({ number, bytes, requests }) => [number, [...bytes], [...requests]]),
    [
      [
        '8:16',
        [
          ['Read', 1],
          ['Write', 2],
        ],
        [
          ['Read', 3],
          ['Write', 4],
        ],
      ],
      ['253:0', [['Read', 9]], []],
    ],
  );
  assert.deepEqual(parseIoStat(''), []);
  for (const bad of ['sda rbytes=1', 'rbytes=1', '8:0 rbytes=x']) {
    assert.throws(() => parseIoStat(bad), FormatError);
  }
});

test('blkio: by device and operation, without the sum of all', () => {
  const found = parseBlkio('8:0 Read 10\n8:0 Total 10\n8:16 Write 3\nTotal 13\n');
  assert.deepEqual(
    [...found].map(([number, operations]) => [number, [...operations]]),
    [
      [
        '8:0',
        [
          ['Read', 10],
          ['Total', 10],
        ],
      ],
      ['8:16', [['Write', 3]]],
    ],
  );
  assert.equal(parseBlkio('Total 0\n').size, 0);
  for (const bad of ['8:0 Read', 'sda Read 1', '8:0 Read x'])
    assert.throws(() => parseBlkio(bad), FormatError);
});

test('pressure: some is waiting, full is stalled, which older kernels lack for cpu', () => {
  const some = 'some avg10=0.10 avg60=0.00 avg300=0.00 total=1500000\n';
  const full = 'full avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n';
  assert.deepEqual(parsePressure(some + full), { waiting: 1.5, stalled: 0.25 });
  assert.deepEqual(parsePressure(some), { waiting: 1.5, stalled: null });
  assert.throws(() => parsePressure('some avg10=0\n'), FormatError);
});

test('cpu.max, amounts, keyed lines and lines', () => {
  assert.deepEqual(parseCpuMax('max 100000\n'), { quota: null, period: 100_000 });
  assert.deepEqual(parseCpuMax('50000 100000\n'), { quota: 50_000, period: 100_000 });
  assert.throws(() => parseCpuMax('50000\n'), FormatError);
  assert.equal(parseAmount('max\n'), Number.POSITIVE_INFINITY);
  assert.equal(parseAmount('-1\n'), -1);
  assert.throws(() => parseAmount('\n'), FormatError);
  assert.deepEqual(
    [...parseKeyed('a 1\nb 2\n')],
    [
      ['a', 1],
      ['b', 2],
    ],
  );
  assert.throws(() => parseKeyed('a\n'), FormatError);
  assert.equal(countLines('1\n22\n333\n'), 3);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostPoints, Point } from './input.ts';
import { RowPages, Rows } from './rows.ts';
import { point } from './test-support.ts';

function hostOf(host: string, points: readonly Point[]): HostPoints {
  return { host, target: `host="${host}"} `, points };
}

/** All that the rows say of a host. */
function read(rows: Rows, shape: number, host: number) {
  const { page, offset, length, points, isWhole, targetStart, targetEnd } = rows.of(shape, host);
  const { buffer, byteOffset } = rows.targets.bytes;
  return {
    rows: Array.from({ length: points }, (_, i) => [
      ...page.subarray(offset + i * length, offset + (i + 1) * length),
    ]),
    isWhole,
    target: Buffer.from(buffer, byteOffset + targetStart, targetEnd - targetStart).toString(),
  };
}

test('every host of every shape has its own rows, in whatever order they are asked for', () => {
  const shapes = Array.from({ length: 3 }, (_, shape) => ({
    length: 50 + shape,
    hosts: Array.from({ length: 200 }, (_, i) => {
      const values = Array.from({ length: 50 + shape }, (_, k) => shape * 1e6 + i * 1000 + k);
      return hostOf(
        `ö${shape}-${i}`,
        Array.from({ length: 1 + (i % 3) }, (_, p) => point(i + p, values)),
      );
    }),
  }));
  const rows = new Rows(shapes, new RowPages());
  for (const shape of [2, 0, 1, 2, 0]) {
    for (const [i, host] of [...(shapes[shape]?.hosts ?? []).entries()].reverse()) {
      assert.deepEqual(read(rows, shape, i), {
        rows: host.points.map(({ at, column }) => [at, ...column.values]),
        isWhole: true,
        target: host.target,
      });
    }
  }
});

test('a host with more values than a page has room for gets a page of its own', () => {
  const small = { length: 1, hosts: [hostOf('small', [point(3, [4])])] };
  const values = [2, 3].map((value) => Array<number>(40_000).fill(value));
  const large = {
    length: 40_000,
    hosts: [
      hostOf(
        'large',
        values.map((of, i) => point(i, of)),
      ),
    ],
  };
  const rows = new Rows([small, large, small], new RowPages());
  assert.deepEqual(read(rows, 0, 0).rows, [[3, 4]]);
  assert.deepEqual(
    read(rows, 1, 0).rows,
    values.map((of, i) => [i, ...of]),
  );
  for (const shape of [0, 2]) assert.deepEqual(read(rows, shape, 0).rows, [[3, 4]]);
});

test('who has something absent or hidden is not whole', () => {
  const hosts = [
    hostOf('a', [point(1, [1]), point(2, [null])]),
    hostOf('b', [{ ...point(1, [1]), hidden: Uint8Array.of(1) }]),
    hostOf('c', [point(1, [1])]),
  ];
  const rows = new Rows([{ hosts, length: 1 }], new RowPages());
  assert.deepEqual(
    hosts.map((_, i) => rows.of(0, i).isWhole),
    [false, false, true],
  );
  assert.equal(rows.point(0, 1, 0), hosts[1]?.points[0]);
});

test('a column of another length than its shape harms nobody else', () => {
  const hosts = [hostOf('a', [point(1, [1, 2, 3]), point(2, [])]), hostOf('b', [point(3, [4, 5])])];
  const rows = new Rows([{ hosts, length: 2 }], new RowPages());
  assert.deepEqual(read(rows, 0, 1).rows, [[3, 4, 5]]);
  assert.deepEqual(read(rows, 0, 0).rows, [
    [1, 1, 2],
    [2, Number.NaN, Number.NaN],
  ]);
});

test('pages are used again for the next body, but for those of one odd host', () => {
  const pages = new RowPages();
  const small = { length: 1, hosts: [hostOf('small', [point(3, [4])])] };
  const large = { length: 40_000, hosts: [hostOf('large', [point(1, Array<number>(40_000).fill(2))])] };
  const used = (): Float64Array[] => {
    const rows = new Rows([small, large], pages);
    const both = [rows.of(0, 0).page, rows.of(1, 0).page];
    assert.deepEqual(read(rows, 0, 0).rows, [[3, 4]]);
    rows.release();
    return both;
  };
  const [first, second] = [used(), used()];
  assert.equal(second[0], first[0]);
  assert.notEqual(second[1], first[1]);
});

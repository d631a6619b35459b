import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyBuffers } from './body-buffers.ts';
import { BodyWriter } from './body-writer.ts';
import type { Format } from './format.ts';
import type { Point } from './input.ts';
import type { Lines } from './lines.ts';
import { RowPages, Rows } from './rows.ts';
import { point } from './test-support.ts';

const TARGET = 'host="ä"} ';

function linesOf(prefixes: readonly string[]): Lines {
  const starts = Uint32Array.from({ length: prefixes.length + 1 }, (_, k) => k);
  return { prefixes, indexes: Uint32Array.from(prefixes, (_, k) => k), starts };
}

interface Given {
  readonly format?: Format;
  readonly target?: string;
  readonly buffers?: BodyBuffers;
}

/** A writer that is at the one host with these points. */
function writerAt(points: readonly Point[], given: Given = {}): BodyWriter {
  const { format = 'text', target = TARGET, buffers = new BodyBuffers() } = given;
  const hosts = [{ host: 'a', target, points }];
  const length = points[0]?.column.values.length ?? 0;
  const writer = new BodyWriter(format, buffers, new Rows([{ hosts, length }], new RowPages()));
  assert.equal(writer.host(0, 0), points.length);
  return writer;
}

test('lines are the same whether their prefixes are encoded ahead or one by one', () => {
  const lines = linesOf(['x{a="1",', 'x{a="é",', 'x{a="😀",', 'x{a="4",']);
  const points = [point(7, [1, 2.5, null, -4])];
  const ahead = writerAt(points);
  ahead.use(lines);
  ahead.point(lines, 0, 0, 4);
  const single = writerAt(points);
  for (let k = 0; k < 4; k++) single.point(lines, 0, k, k + 1);
  const parts = writerAt(points);
  parts.use(lines);
  parts.point(lines, 0, 0, 1);
  parts.point(lines, 0, 1, 4);
  const expected = 'x{a="1",host="ä"} 1 7\nx{a="é",host="ä"} 2.5 7\nx{a="4",host="ä"} -4 7\n';
  for (const writer of [ahead, single, parts]) assert.equal(writer.take().toString(), expected);
});

test('texts of every length are written whole, and nothing behind them', () => {
  for (let length = 1; length <= 40; length++) {
    const prefixes = Array.from(
      { length: 3 },
      (_, k) => `${'é'.repeat(length % 3)}${'p'.repeat(length)}${k}{`,
    );
    const target = `${'t'.repeat(length)}} `;
    const lines = linesOf(prefixes);
    const writer = writerAt([point(length, [1, 2, 3])], { target });
    writer.point(lines, 0, 0, 3);
    const expected = prefixes.map((prefix, k) => `${prefix}${target}${k + 1} ${length}\n`).join('');
    assert.equal(writer.take().toString(), expected);
  }
});

test('of other lines between them the right ones are written', () => {
  const [one, two] = [linesOf(['x{', 'y{']), linesOf(['z{', 'w{'])];
  const writer = writerAt([point(1000, [1, 2])], { format: 'openmetrics', target: '} ' });
  for (const lines of [one, two, one]) writer.point(lines, 0, 1, 2);
  assert.equal(writer.take().toString(), 'y{} 2 1.000\nw{} 2 1.000\ny{} 2 1.000\n');
});

test('what begins a family waits for something that is shown', () => {
  const lines = linesOf(['x{']);
  const writer = writerAt([point(1, [null]), point(2, [1]), point(3, [1])]);
  writer.begin('# TYPE x gauge\n');
  writer.point(lines, 0, 0, 1);
  assert.equal(writer.length, 0);
  assert.equal(writer.take().length, 0);
  writer.point(lines, 1, 0, 1);
  writer.point(lines, 2, 0, 1);
  writer.begin('# TYPE y gauge\n');
  writer.text('');
  writer.begin('# TYPE z gauge\n');
  writer.text('z 1\n');
  assert.equal(
    writer.take().toString(),
    '# TYPE x gauge\nx{host="ä"} 1 2\nx{host="ä"} 1 3\n# TYPE z gauge\nz 1\n',
  );
});

test('a piece of any size has room, and does not make all later buffers as large', () => {
  const buffers = new BodyBuffers();
  const writer = writerAt([point(1, Array(500).fill(1))], { buffers });
  const prefix = `x{a="${'é'.repeat(2000)}",`;
  const many = linesOf(Array.from({ length: 500 }, () => prefix));
  writer.text('first 1\n');
  writer.point(many, 0, 0, 500);
  const large = writer.take();
  assert.equal(large.toString(), `first 1\n${`${prefix}host="ä"} 1 1\n`.repeat(500)}`);
  writer.text('x 1\n');
  const small = writer.take();
  assert.ok(small.buffer.byteLength <= 1024 * 1024, `${small.buffer.byteLength} bytes`);
  buffers.give(small);
  writer.text('y 1\n');
  assert.equal(writer.take().buffer, small.buffer, 'it is used again');
});

test('memory of others that is given back is left alone', () => {
  const buffers = new BodyBuffers();
  const pooled = Buffer.from('not ours');
  buffers.give(pooled);
  assert.notEqual(buffers.take(4).buffer, pooled.buffer);
});

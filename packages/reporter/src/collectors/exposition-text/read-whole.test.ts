import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Layout } from './layout.ts';
import { readWhole, type Whole } from './read-whole.ts';

const OPTIONS = {
  format: 'text',
  samplesMax: 100,
  familiesMax: 100,
  labelsMax: 10,
  emptyLabels: new Set<string>(),
  keep: () => true,
} as const;

function whole(text: string, previous: Layout | null, reading: number): Whole {
  const turns = readWhole(text, previous, OPTIONS, reading);
  for (;;) {
    const turn = turns.next();
    if (turn.done === true) return turn.value;
  }
}

test('a text that is large for its lines is not kept for the next one, but its series are known again', () => {
  const text = `# ${'x'.repeat(2_000_000)}\na{l="1"} 1\nb 2\n`;
  const first = whole(text, null, 1);
  assert.deepEqual([first.layout.lines, first.layout.tail], [[], null]);
  const second = whole(`# y\n${text}c 3\n`, first.layout, 2);
  assert.deepEqual([second.sink.values, second.added], [[1, 2, 3], 1]);
  const third = whole(text, second.layout, 3);
  assert.equal(third.layout.list, second.layout.list);
  assert.deepEqual([third.sink.values, third.added], [[1, 2, null], 0]);
});

test('a text of a usual size is kept', () => {
  const { layout } = whole('# x\na 1\n', null, 1);
  assert.deepEqual([layout.lines, layout.tail], [['# x\na '], '']);
});

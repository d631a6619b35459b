import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLabelName } from '@tributary/shared/names';
import { chooseLabels, labelsOf } from './labels.ts';

function tell(
  labels: Readonly<Record<string, string>>,
  cgroupPath: string,
  include: RegExp | null,
  { name = 'web', image = 'nginx:1.27' } = {},
) {
  const own = chooseLabels(labels, include);
  return { pairs: labelsOf({ name, image, own }, cgroupPath), leftOut: own.leftOut };
}

test('id, image and name, and the labels that were chosen, sorted', () => {
  const labels = { 'com.example/b-c': '2', 'com.example/a': '1', other: '3', 'com.example/empty': '' };
  assert.deepEqual(tell(labels, '/docker/x', /^com\./), {
    pairs: [
      ...['id', '/docker/x', 'image', 'nginx:1.27', 'name', 'web'],
      ...['container_label_com_example_a', '1', 'container_label_com_example_b_c', '2'],
    ],
    leftOut: 0,
  });
  assert.deepEqual(tell(labels, '/docker/x', null, { name: '', image: '' }).pairs, ['id', '/docker/x']);
});

test('of two labels that come out as one name, one is told', () => {
  const { pairs, leftOut } = tell({ 'a.b': 'dot', 'a-b': 'hyphen' }, '/', /./);
  assert.deepEqual(pairs.slice(-2), ['container_label_a_b', 'hyphen']);
  assert.equal(leftOut, 1);
});

test('labels too many or too long are left out and counted, and everything can be sent', () => {
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`label${100 + i}`, '\ud83d\ude00\0\ud83d']),
  );
  const hostile = { ...many, aLong: 'x'.repeat(3000), ['b'.repeat(300)]: 'y' };
  const { pairs, leftOut } = tell(hostile, '/', /./, {
    name: 'n'.repeat(5000),
    image: `\0${'i'.repeat(2046)}\ud83d\ude00`,
  });
  assert.equal(pairs.length, 2 * (3 + 24));
  assert.equal(leftOut, 102 - 24);
  for (let i = 0; i < pairs.length; i += 2) {
    assert.ok(isLabelName(pairs[i] ?? ''));
    const value = pairs[i + 1] ?? '';
    assert.ok(value.isWellFormed() && value.length <= 2048 && !value.includes('\0'));
  }
});

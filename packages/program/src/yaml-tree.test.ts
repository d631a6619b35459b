import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConfigNode } from '@tributary/shared/config-tree';
import { parseYaml } from './yaml-tree.ts';

/** A tree as plain values: `[line, value]`, a scalar as its text with its type behind it. */
function shown(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return `${node.line}: ${node.text} (${node.type})`;
  if (node.kind === 'list') return [node.line, ...node.items.map(shown)];
  return Object.fromEntries(node.entries.map(({ key, line, value }) => [`${line}: ${key}`, shown(value)]));
}

function read(text: string): unknown {
  const { tree, problems } = parseYaml(text);
  assert.deepEqual(problems, []);
  return tree === null ? null : shown(tree);
}

describe('a tree', () => {
  test('has the line of every key and value', () => {
    const text =
      'host: a\r\nspool:\r\n\r\n  path: b # c\r\n  at:\r\nlist:\r\n  - x\r\n  - y: [z,\r\n      w]\r\n';
    assert.deepEqual(read(text), {
      '1: host': '1: a (text)',
      '2: spool': { '4: path': '4: b (text)', '5: at': '5:  (null)' },
      '6: list': [7, '7: x (text)', { '8: y': [8, '8: z (text)', '9: w (text)'] }],
    });
  });

  test('is the same for JSON, tabs and all', () => {
    const text = '\ufeff{\n\t"a": 1,\n\t"b": {"c": [true, null, "x\\ty"]},"d":"\\ud83d\\ude00"}\n';
    assert.deepEqual(read(text), {
      '2: a': '2: 1 (number)',
      '3: b': { '3: c': [3, '3: true (boolean)', '3: null (null)', '3: x\ty (text)'] },
      '3: d': '3: 😀 (text)',
    });
  });

  test('keeps scalars as they are written', () => {
    for (const [written, expected] of [
      ['1.10', '1.10 (number)'],
      ['007', '007 (number)'],
      ['0x1F', '0x1F (number)'],
      ['-.inf', '-.inf (number)'],
      ['1e3', '1e3 (number)'],
      ['1h', '1h (text)'],
      ['1.2.3', '1.2.3 (text)'],
      ['True', 'True (boolean)'],
      ['yes', 'yes (text)'],
      ['~', '~ (null)'],
      ['"15"', '15 (text)'],
      ["''", ' (text)'],
      ['! 15', '15 (text)'],
      ['!!str 15', '15 (text)'],
      ['one\n  two', 'one two (text)'],
      ['2026-11-28', '2026-11-28 (text)'],
    ] as const) {
      assert.deepEqual(read(`a: ${written}\n`), { '1: a': `1: ${expected}` }, written);
    }
    assert.deepEqual(read('a: |\n  x\n  y\nb: c\n'), { '1: a': '2: x\ny\n (text)', '4: b': '4: c (text)' });
  });

  test('is null for a file without anything in it', () => {
    for (const text of ['', '\n', '# nothing\n', '\ufeff']) assert.equal(read(text), null);
    assert.deepEqual(read('---\n'), '1:  (null)');
    assert.deepEqual(read('---\na: b\n...\n# end\n'), { '2: a': '2: b (text)' });
  });

  test('has what an alias stands for, with the lines of that', () => {
    assert.deepEqual(read('a: &x\n  b: c\nd: *x\ne: [*x]\nf: &t 1\ng: *t\n'), {
      '1: a': { '2: b': '2: c (text)' },
      '3: d': { '2: b': '2: c (text)' },
      '4: e': [4, { '2: b': '2: c (text)' }],
      '5: f': '5: 1 (number)',
      '6: g': '5: 1 (number)',
    });
  });

  test('tells all keys that are no keys, and goes on', () => {
    const { tree, problems } = parseYaml('a: 1\na: 2\n? [b]\n: c\n? {d: e}\n: f\ng: !env h\ni: !!int "1"\n');
    assert.deepEqual(problems, [
      { line: 2, message: 'the key "a" was given in line 1 already' },
      { line: 3, message: 'a list cannot be a key' },
      { line: 5, message: 'a map cannot be a key' },
      { line: 7, message: 'tags mean nothing here; quote text that begins with !' },
      { line: 8, message: 'tags mean nothing here; quote text that begins with !' },
    ]);
    assert.ok(tree !== null);
    assert.deepEqual(shown(tree), { '1: a': '1: 1 (number)', '7: g': '7: h (text)', '8: i': '8: 1 (text)' });
  });
});

describe('what makes a file too much', () => {
  const refusedFor = (text: string) => {
    const { tree, problems } = parseYaml(text);
    assert.equal(tree, null);
    assert.equal(problems.length, 1);
    return problems[0];
  };

  test('is depth', () => {
    const message = 'lists and maps are nested too deeply';
    assert.deepEqual(refusedFor(`a:\n${'['.repeat(100_000)}`), { line: 2, message });
    const steps = Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`);
    assert.equal(refusedFor(steps.join('\n'))?.message, message);
  });

  test('is a number of values, those of aliases counted', () => {
    const lists = Array.from(
      { length: 9 },
      (_, i) =>
        `x${i}: &x${i} [${Array(10)
          .fill(i === 0 ? 1 : `*x${i - 1}`)
          .join()}]`,
    );
    assert.deepEqual(refusedFor(lists.join('\n')), {
      line: 5,
      message: 'there are more than 100000 values up to here, those that aliases repeat among them',
    });
    assert.match(
      refusedFor(`[${'1,'.repeat(100_001)}]`)?.message ?? '',
      /^there are more than 100000 values/,
    );
  });

  test('is an alias inside of what it stands for', () => {
    assert.deepEqual(refusedFor('a: 1\nb: &b\n  c: *b\n'), {
      line: 3,
      message: 'this alias has no anchor before it; quote text that begins with *',
    });
  });

  test('is another document', () => {
    const message = 'a second document begins here; a file can have only one';
    assert.deepEqual(refusedFor('a: "---"\nb: |\n ---\n---\nc: 1\n'), { line: 4, message });
    assert.deepEqual(refusedFor('a: 1\n...\n# x\nb: 1\n'), { line: 4, message });
    assert.deepEqual(refusedFor('a: 1\n...\n\nb\n'), { line: 4, message });
  });
});

/** js-yaml's reasons are its own, and may change with its version. */
test('no mistake is told in the words of the parser, but for what hardly anyone writes', () => {
  for (const text of [
    'a: b: c',
    'a:\n  b: 1\n c: 2',
    '- a\n b: 1\n- c',
    'a\nb: 1',
    'a: 1\nb',
    'a: "b',
    "a: 'b",
    'a: "b\nc: d',
    'a: [b',
    'a: [b\nc: d',
    'a: {b: c d: e}',
    'a: [,]',
    'a: "\\q"',
    'a: "\\xzz"',
    'a:\n\tb: 1',
    'a: \u0001',
    'a: \0',
    'a: @b',
    '}',
    'a: ]',
  ]) {
    const { tree, problems } = parseYaml(text);
    assert.equal(tree, null, text);
    assert.equal(problems.length, 1, text);
    assert.doesNotMatch(problems[0]?.message ?? '', /^no YAML/, text);
  }
  assert.match(
    parseYaml('%YAML 9.9\n---\na: 1').problems[0]?.message ?? '',
    /^no YAML: unacceptable YAML version/,
  );
});

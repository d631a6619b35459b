import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileKey, fileSchema, inFileWords } from './config-keys.ts';
import { value } from './config-schema.ts';
import { mapOption, switchOption, textOption } from './options.ts';

const text = textOption({ help: '', default: '' });
const toggle = switchOption({ help: '', default: true });
const map = mapOption({ help: '', checkKey: () => {} });

test('a key is its flag with underscores, in the plural where the flag is one of several', () => {
  assert.equal(fileKey('spool.keep-acked', text), 'spool.keep_acked');
  assert.equal(fileKey('web.listen-address', text), 'web.listen_address');
  assert.equal(fileKey('label', map), 'labels');
  assert.equal(fileKey('web.header', map), 'web.headers');
  assert.equal(fileKey('collector.cpu', toggle), 'collectors.cpu');
  assert.equal(fileKey('collector.cpu.info.flags-include', text), 'collectors.cpu.info.flags_include');
});

test('messages are put in the words of a file', () => {
  const specs = { 'spool.keep-acked': text, label: map };
  assert.equal(
    inFileWords('--spool.keep-acked and --label, not --spool.other or --label.', specs),
    'spool.keep_acked and labels, not --spool.other or labels.',
  );
});

test('two options, or an option and a section, cannot have one key', () => {
  assert.throws(() => fileSchema({ 'a.b': toggle, 'a.b.enabled': text }), /have one key in the file/);
  assert.throws(() => fileSchema({ 'a.b': text }, { a: value(text) }), /the section a is the key of a flag/);
});

test('an option that begins the name of another, and is no switch, is value among its keys', () => {
  const schema = fileSchema({ 'a.b': text, 'a.b.c': text });
  const a = schema.keys['a'];
  assert.ok(a?.kind === 'object');
  const b = a.keys['b'];
  assert.ok(b?.kind === 'object');
  assert.deepEqual([b.self, Object.keys(b.keys)], ['value', ['value', 'c']]);
});

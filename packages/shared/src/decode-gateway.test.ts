import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeGatewayFrame } from './decode-gateway.ts';
import { REFUSALS, REJECT_CODES, RefuseError } from './errors.ts';
import type { Refuse, Reject } from './frames.ts';
import { MESSAGE_CHARS_MAX } from './limits.ts';
import { readFixtures } from './test-support.ts';

const decode = (frame: object) => decodeGatewayFrame(JSON.stringify(frame));

test('every good frame of the fixtures decodes to what they say, and unknown kinds to nothing', () => {
  for (const { name, text, frame } of readFixtures('gateway')) {
    if (frame !== undefined) assert.deepEqual(decodeGatewayFrame(text), frame, name);
  }
});

test('every bad frame of the fixtures throws with the message that they give', () => {
  for (const { name, text, error } of readFixtures('gateway')) {
    if (error === undefined) continue;
    assert.throws(
      () => decodeGatewayFrame(text),
      (thrown: unknown) => {
        assert.ok(thrown instanceof RefuseError, name);
        assert.equal(thrown.code, error.code, name);
        if (error.message !== 'the frame is not JSON') assert.equal(thrown.message, error.message, name);
        else assert.match(thrown.message, /^the frame is not JSON: ./, name);
        return true;
      },
    );
  }
});

test('the fixtures show every kind, and each rule once', () => {
  const fixtures = readFixtures('gateway');
  assert.equal(new Set(fixtures.map(({ name }) => name)).size, fixtures.length);
  for (const { name, frame, error } of fixtures) {
    assert.notEqual(frame === undefined, error === undefined, name);
  }
  const kinds = new Set(
    fixtures.flatMap(({ frame }) => (frame as { kind?: string } | undefined)?.kind ?? []),
  );
  assert.deepEqual([...kinds].sort(), ['ack', 'pace', 'refuse', 'reject', 'welcome']);
});

test('every code that a gateway of this version sends is let through, and any other of 64 characters', () => {
  for (const code of [...REJECT_CODES, 'X'.repeat(64)]) {
    assert.equal((decode({ kind: 'reject', seq: 1, code }) as Reject).code, code);
  }
  for (const code of [...Object.keys(REFUSALS), 'X'.repeat(64)]) {
    assert.equal((decode({ kind: 'refuse', code }) as Refuse).code, code);
  }
});

test('a long message is cut, and is no reason to drop what it came with', () => {
  const message = 'x'.repeat(MESSAGE_CHARS_MAX);
  const reject = (text: string) =>
    (decode({ kind: 'reject', seq: 1, code: 'DUPLICATE_SERIES', message: text }) as Reject).message;
  assert.equal(reject(message), message);
  assert.equal(reject(`${message}y`), message);
  assert.ok(reject(`${message.slice(1)}😀`).isWellFormed());
});

test('a field counts only where the frame itself has it', () => {
  assert.throws(() => decodeGatewayFrame('{"__proto__":{"seq":1},"kind":"ack"}'), { code: 'BAD_FRAME' });
});

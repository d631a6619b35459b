/** The frames of packages/shared/fixtures, as the reporter's end takes them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { readFixtures } from '@tributary/shared/test-support';
import { Harness } from './test-support.ts';

function greeting(t: TestContext): Harness {
  const link = new Harness(t);
  link.session.tick();
  link.session.opened();
  link.did();
  return link;
}

test('a gateway that cannot be understood is left, one that says more than is known is not', (t) => {
  const fixtures = readFixtures('gateway');
  assert.ok(fixtures.length > 20);
  for (const { name, text, error } of fixtures) {
    const link = greeting(t);
    link.session.receive(text);
    const left = link.did().includes('close 1002 not understood');
    assert.equal(left, error !== undefined, name);
    link.spool.close();
  }
});

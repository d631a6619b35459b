import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential } from './credential.ts';
import { AGAIN_MS, judgeJoin } from './join-verdict.ts';
import { credentialOf } from './test-support.ts';

const NOW = 1_795_330_000_000;

const credential = (over: Partial<Credential>) => credentialOf({ createdAt: NOW - 1000, ...over });

const JOIN = credential({ id: 'j', kind: 'join' });

function judge(
  join: Partial<Credential> = {},
  ofHost: readonly Partial<Credential>[] = [],
  epoch = 'e1',
): string {
  const known = ofHost.map((each) => credential({ name: 'web-1', ...each }));
  const verdict = judgeJoin({ ...JOIN, ...join }, { host: 'web-1', epoch }, known, NOW);
  if (verdict.kind === 'refused') return `${verdict.code}: ${verdict.message}`;
  return verdict.kind === 'again' ? `again ${verdict.credential.id}` : 'first';
}

test('a new name is let in, within uses, time and pattern', () => {
  assert.equal(judge(), 'first');
  assert.equal(judge({ usesMax: 3, uses: 2, expiresAt: NOW + 1, pattern: 'web-*' }), 'first');
  assert.match(judge({ usesMax: 3, uses: 3 }), /^UNAUTHORIZED: .*as often as it may be/);
  assert.match(judge({ expiresAt: NOW }), /^UNAUTHORIZED: .*expired/);
  assert.match(judge({ revokedAt: NOW }), /^REVOKED/);
  assert.match(judge({ pattern: 'db-*' }), /^UNAUTHORIZED: .*"web-1"; it is for "db-\*"/);
});

test('the same spool gets another for a day, though the join token is used up or has expired', () => {
  const own = { id: 'h', parent: 'j', epoch: 'e1' };
  assert.equal(judge({}, [own]), 'again h');
  assert.equal(judge({ usesMax: 1, uses: 1, expiresAt: NOW - 1 }, [own]), 'again h');
  assert.match(judge({}, [{ ...own, createdAt: NOW - AGAIN_MS }]), /^NAME_TAKEN/);
  assert.match(judge({}, [own], 'e2'), /^NAME_TAKEN/);
  assert.match(judge({}, [{ ...own, parent: 'other' }]), /^NAME_TAKEN/);
  assert.match(judge({ revokedAt: NOW }, [own]), /^REVOKED/);
});

test('a name that somebody has is taken, whoever that is', () => {
  assert.match(judge({}, [{ kind: 'certificate' }]), /^NAME_TAKEN: "web-1" belongs to another spool/);
  assert.match(judge({}, [{ kind: 'host' }]), /^NAME_TAKEN/);
  assert.match(judge({}, [{ kind: 'host', expiresAt: NOW - 1 }]), /^NAME_TAKEN/);
  assert.equal(judge({}, [{ kind: 'host', revokedAt: NOW - 1 }]), 'first');
});

test('a name outside the pattern does not show whether somebody has it', () => {
  assert.equal(judge({ pattern: 'db-*' }, [{ kind: 'host' }]), judge({ pattern: 'db-*' }));
});

test('a revoked host does not come back by the join token that it still has', () => {
  const gone = { parent: 'j', epoch: 'e1', revokedAt: NOW - 1 };
  assert.match(judge({}, [gone]), /^REVOKED: .*another join token/);
  assert.match(judge({}, [gone], 'e2'), /^REVOKED/);
  assert.equal(judge({ id: 'j2' }, [gone]), 'first');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hintForFailure, remedyFor } from './link-remedies.ts';

const WITH_FILE = { host: 'web-1', tokenFile: '/etc/token', certFile: '', isTls: true };
const WITHOUT = { ...WITH_FILE, tokenFile: '' };
const WITH_CERTIFICATE = { ...WITHOUT, certFile: '/etc/client.pem' };

test('what is to be done names the file, or the flag that is missing, and the command of the gateway', () => {
  for (const refusal of ['HTTP_401', 'HTTP_403', 'UNAUTHORIZED', 'REVOKED', 'NAME_TAKEN']) {
    const withFile = remedyFor(refusal, '', WITH_FILE);
    assert.match(withFile, /tributary-gateway token create --host web-1/);
    assert.match(withFile, /\/etc\/token/);
    const without = remedyFor(refusal, '', WITHOUT);
    assert.match(without, /--gateway\.token-file FILE/);
    assert.doesNotMatch(without, /undefined|into {2}/);
  }
});

test('the words of the gateway tell what kind of credential it is about', () => {
  const why = (text: string) => remedyFor('UNAUTHORIZED', text, WITH_FILE);
  assert.match(
    why('this certificate is for "web-2" and not for "web-1"; see --host'),
    /certificate whose DNS name is web-1/,
  );
  for (const text of ['this join token has been used as often as it may be', 'this join token has expired'])
    assert.match(why(text), /^ask for a new join token or a host token/);
  assert.match(why('this token is for "web-2" and not for "web-1"; see --host'), /or change --host$/);
  assert.match(remedyFor('HTTP_401', 'x', WITH_CERTIFICATE), /or have \/etc\/client\.pem signed by/);
  assert.match(
    remedyFor('NAME_TAKEN', '', WITH_FILE),
    /token of its own: tributary-gateway token create --host web-1/,
  );
});

test('a connection that does not come about may have a reason that nobody tells', () => {
  assert.match(
    hintForFailure('socket hang up', WITH_CERTIFICATE),
    /refused the client certificate \/etc\/client\.pem/,
  );
  assert.match(hintForFailure('socket hang up', WITHOUT), /may want a client certificate/);
  const plain = { ...WITHOUT, isTls: false };
  for (const message of ['socket hang up', 'Parse Error: Expected HTTP/'])
    assert.match(hintForFailure(message, plain), /wss:\/\//);
  assert.match(hintForFailure('…:wrong version number:…', WITHOUT), /ws:\/\//);
  assert.equal(hintForFailure('connect ECONNREFUSED 127.0.0.1:1', plain), '');
  assert.equal(hintForFailure('connect ECONNREFUSED 127.0.0.1:1', WITHOUT), '');
});

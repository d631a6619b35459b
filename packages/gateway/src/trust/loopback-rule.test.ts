import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { refuseForeignOrigin, refuseUnlessLoopback } from './loopback-rule.ts';

const NOBODY = { headers: {}, httpVersion: '1.1' };

function reasonOf(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined = '127.0.0.1',
  httpVersion = '1.1',
): string | null {
  const asking = { headers: { host: 'localhost:9750', ...headers }, remoteAddress, httpVersion };
  const refusal = refuseUnlessLoopback(asking);
  if (refusal !== null) assert.equal(refusal.status, 403);
  return refusal?.reason ?? null;
}

test('this machine itself may ask, by any of its names', () => {
  for (const host of [
    'localhost',
    'LocalHost:80',
    '127.0.0.1',
    '127.9.9.9:1',
    '[::1]',
    '[::1]:9750',
    '[::ffff:127.0.0.1]:1',
  ]) {
    assert.equal(reasonOf({ host }), null, host);
  }
  for (const address of ['127.0.0.1', '127.0.0.53', '::1', '::ffff:127.0.0.1']) {
    assert.equal(reasonOf({}, address), null, address);
  }
});

test('other addresses may not, nor may who has none', () => {
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '128.0.0.1', '::2', 'fe80::1', '0.0.0.0', '::']) {
    assert.equal(reasonOf({}, address), 'not_loopback', address);
  }
  assert.equal(refuseUnlessLoopback({ ...NOBODY, remoteAddress: undefined })?.reason, 'not_loopback');
});

test('what was forwarded did not come from this machine', () => {
  assert.equal(reasonOf({ forwarded: 'for=10.0.0.1' }), 'forwarded');
  assert.equal(reasonOf({ 'x-forwarded-for': '127.0.0.1' }), 'forwarded');
  assert.equal(reasonOf({ 'x-forwarded-for': '' }), 'forwarded');
  assert.equal(reasonOf({ via: '1.1 proxy' }), 'forwarded');
  for (const name of ['x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-client-cert']) {
    assert.equal(reasonOf({ [name]: 'x' }), 'forwarded', name);
  }
  // As nginx passes on what nobody told it to mark.
  assert.equal(reasonOf({ host: '127.0.0.1:9750', connection: 'close' }, '127.0.0.1', '1.0'), 'forwarded');
  // As curl may ask.
  assert.equal(reasonOf({ connection: 'close' }), null);
});

test('a Host that names another machine is a rebound name', () => {
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:9750',
    '',
    '10.0.0.1',
    '[::2]',
    'localhost:x',
    '[localhost',
    'localhost@evil.example',
  ]) {
    assert.equal(reasonOf({ host }), 'foreign_host', host);
  }
  assert.equal(refuseUnlessLoopback({ ...NOBODY, remoteAddress: '::1' })?.reason, 'foreign_host');
});

test('pages of other origins may not ask, and a page of its own may', () => {
  const reasonOf = (origin: string, host: string, own = '') =>
    refuseForeignOrigin({ headers: { origin, host } }, own)?.reason ?? null;
  for (const origin of [
    'null',
    'https://evil.example',
    'http://localhost.evil.example:9750',
    'http://localhost:3000',
    'file://',
    'http://localhost:9750@evil.example',
    'http://localhost:9750/',
  ]) {
    assert.equal(reasonOf(origin, 'localhost:9750'), 'foreign_origin', origin);
  }
  assert.equal(reasonOf('http://localhost:9750', 'localhost:9750'), null);
  assert.equal(reasonOf('https://Gateway.example', 'gateway.example'), null);
  assert.equal(reasonOf('https://outside.example', '10.0.0.1:9750', 'https://outside.example'), null);
  assert.equal(refuseForeignOrigin({ headers: {} }, ''), null);
});

test('images, scripts and links of other pages, for which a browser names no origin, get nothing either', () => {
  const reasonOf = (site: string, more: IncomingHttpHeaders = {}) =>
    refuseForeignOrigin({ headers: { host: 'gateway.example', 'sec-fetch-site': site, ...more } }, '')
      ?.reason ?? null;
  for (const site of ['cross-site', 'same-site', 'cross-site, none', '']) {
    assert.equal(reasonOf(site, { 'sec-fetch-mode': 'no-cors' }), 'foreign_origin', site);
  }
  assert.equal(reasonOf('cross-site', { origin: 'https://gateway.example' }), 'foreign_origin');
  for (const site of ['same-origin', 'none']) assert.equal(reasonOf(site), null, site);
});

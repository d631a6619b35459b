import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { chooseProxy, isDirect, parseProxyUrl } from './proxy-choice.ts';

const WSS = new URL('wss://gw.example.org/v1/stream');
const WS = new URL('ws://gw.example.org:9750/v1/stream');
const choose = (env: Record<string, string>, url = WSS, option = '') =>
  chooseProxy(url, option, env)?.shown ?? null;

describe('the proxy', () => {
  for (const [what, shown, env, url = WSS, option = ''] of [
    ['is none by itself', null, {}],
    ['of wss is HTTPS_PROXY', 'http://p:3128', { HTTPS_PROXY: 'http://p:3128', HTTP_PROXY: 'http://q' }],
    ['of ws is HTTP_PROXY', 'http://q', { HTTPS_PROXY: 'http://p:3128', HTTP_PROXY: 'http://q' }, WS],
    ['may be in lower case', 'http://p', { https_proxy: 'http://p' }],
    ['of upper case goes first', 'http://p', { https_proxy: 'http://q', HTTPS_PROXY: 'http://p' }],
    ['may be that of all', 'http://p', { ALL_PROXY: 'http://p' }],
    ['may be that of all, in lower case', 'http://p', { all_proxy: 'http://p', HTTP_PROXY: 'http://q' }],
    ['may leave out the scheme', 'http://p:3128', { HTTPS_PROXY: 'p:3128' }],
    ['of an empty variable is none', null, { HTTPS_PROXY: ' ' }],
    ['is not asked for what NO_PROXY names', null, { HTTPS_PROXY: 'http://p', NO_PROXY: 'example.org' }],
    [
      'is not asked for what no_proxy names',
      null,
      { HTTPS_PROXY: 'http://p', no_proxy: 'a,gw.example.org:443' },
    ],
    ['is asked on another port', 'http://p', { HTTP_PROXY: 'http://p', NO_PROXY: 'example.org:80' }, WS],
    ['is not asked for this machine', null, { ALL_PROXY: 'http://p' }, new URL('ws://127.0.0.1:9750')],
    [
      'of the option goes first, whatever NO_PROXY says',
      'https://o:8443',
      { HTTPS_PROXY: 'http://p', NO_PROXY: '*' },
      WSS,
      'https://o:8443',
    ],
    ['is none where the option says so', null, { HTTPS_PROXY: 'http://p' }, WSS, 'direct'],
  ] as [string, string | null, Record<string, string>, URL?, string?][]) {
    test(what, () => assert.equal(choose(env, url, option), shown));
  }

  test('gets the credentials of its URL, and they are not shown', () => {
    const proxy = parseProxyUrl('http://me%40corp:p%3Aw%2Fx@p.example:3128');
    assert.equal(proxy.authorization, `Basic ${Buffer.from('me@corp:p:w/x').toString('base64')}`);
    assert.deepEqual(
      [proxy.shown, proxy.host, proxy.port, proxy.isTls],
      ['http://p.example:3128', 'p.example', 3128, false],
    );
    assert.deepEqual(
      [parseProxyUrl('https://[::1]').host, parseProxyUrl('https://[::1]').port, parseProxyUrl('p').port],
      ['::1', 443, 80],
    );
  });

  for (const [text, message] of [
    ['http://u:secret@', /^this is no URL of a proxy/],
    ['http://u:secret@p:99999', /^this is no URL of a proxy/],
    ['socks5://u:secret@p', /^a proxy of the kind socks5:\/\/ is not supported; use http/],
    ['http://u:secret@p/path', /^the URL of a proxy has neither a path nor a query$/],
    ['http://u:%secret@p', /^the name or password of the proxy has a % that begins no escape/],
  ] as const) {
    test(`cannot be ${text}, which is not repeated`, () => {
      for (const read of [() => parseProxyUrl(text), () => choose({ ALL_PROXY: text })]) {
        assert.throws(
          read,
          (error: Error) => error instanceof OptionError && !error.message.includes('secret'),
        );
      }
      assert.throws(() => parseProxyUrl(text), { message });
      assert.throws(
        () => choose({ ALL_PROXY: text }),
        /^OptionError: ALL_PROXY: .+ \(or leave the gateway out by NO_PROXY/,
      );
    });
  }
});

/** The rules are those of Go's httpproxy, whose own tests have most of these cases. */
describe('NO_PROXY', () => {
  for (const [host, list, expected, port = '443'] of [
    ['localhost', '', true],
    ['127.0.0.1', '', true],
    ['127.0.0.2', '', true],
    ['::1', '', true],
    ['[::1]', '', false],
    ['gw', '', false],
    ['gw', '*', true],
    ['foobar.com', 'foobar.com, .barbaz.net', true],
    ['www.foobar.com', 'foobar.com', true],
    ['foofoobar.com', 'foobar.com', false],
    ['baz.com', 'foobar.com', false],
    ['barbaz.net', '.barbaz.net', false],
    ['www.barbaz.net', '.barbaz.net', true],
    ['www.barbaz.net', '*.barbaz.net', true],
    ['barbaz.net', '*.barbaz.net', false],
    ['GW.Example.ORG', 'gw.example.org', true],
    ['gw.example.org.', 'gw.example.org', true],
    ['gw.example.org', 'EXAMPLE.org', true],
    ['gw.example.org', 'example.org:443', true],
    ['gw.example.org', 'example.org:80', false],
    ['gw.example.org', ':443', false],
    ['192.168.1.1', '192.168.1.1', true],
    ['192.168.1.2', '192.168.1.1', false],
    ['192.168.1.1', '192.168.1.1:443', true],
    ['192.168.1.1', '192.168.1.1:444', false],
    ['192.168.1.77', '192.168.1.0/24', true],
    ['192.168.2.77', '192.168.1.0/24', false],
    ['192.168.2.77', '192.168.2.0/33', false],
    ['192.168.2.77', '192.168.2.0/', false],
    ['gw.example.org', '0.0.0.0/0', false],
    ['2001:db8::52:0:1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['2001:db8::1', '[2001:db8::1]:443', true],
    ['2001:db8::1', '[2001:db8::1]:80', false],
    ['2001:db8::1', '[2001:db8::1]', true],
    ['2001:db8::1', '2001:db8::1', true],
    ['2001:db8::1', '2001:0DB8:0::1', true],
    ['gw', ',, ,', false],
  ] as [string, string, boolean, string?][]) {
    test(`${JSON.stringify(list)} ${expected ? 'lets' : 'does not let'} ${host} pass by`, () => {
      assert.equal(isDirect(host, port, list), expected);
    });
  }
});

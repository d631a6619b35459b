/** What else may come to a port that speaks HTTP. */
import type { Random } from '@tributary/shared/random';
import { upgradeRequest } from './web-socket.ts';

/** None of them asks for a scraper's cursor of the honest Prometheus. */
const PATHS = [
  '/metrics',
  '/metrics?host=%00',
  '/metrics?match[]={__name__=~"(a*)*b"}',
  '/metrics?match[]=up&match[]=%ff',
  '/metrics?shard=1/0',
  '/metrics?scraper=../../x',
  '/metrics?window=1e99',
  '/metrics?__proto__=1&constructor=2',
  '/api/v1/hosts',
  '/api/v1/hosts/%2e%2e%2f',
  '/api/v1/hosts/%',
  '/api/v1/hosts/__proto__',
  '/api/v1/scrapers/x/rewind?to=yesterday',
  '/api/v1/status?x[y]=z',
  '/sd',
  '/-/healthy',
  '/-/ready',
  '/v1/stream',
  '//etc/passwd',
  '/%00',
  '*',
  'http://other.example/metrics',
  '/é',
];
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  'QUERY',
  'X',
];
const HEADERS = [
  'Content-Length: 5',
  'Content-Length: -1',
  'Content-Length: 5, 6',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, identity',
  'Expect: 100-continue',
  'Expect: nothing',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Connection: close',
  'Sec-WebSocket-Version: 8',
  'Sec-WebSocket-Key: x',
  'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99; x="',
  'Sec-WebSocket-Protocol: tributary.v1, tributary.v1,,',
  'Origin: null',
  'Via: x',
  'Accept: */*;q=NaN',
  'Accept: application/openmetrics-text;version=9',
  'Accept-Encoding: gzip;q=-1, ,;',
  'Authorization: Bearer',
  'Authorization: Basic ////',
  'Cookie: a=b',
  'X: a\0b',
  ': empty',
  'No colon',
  ' folded',
];

/** A ClientHello's first bytes, a proxy's greeting, another protocol's. */
const STRANGERS = [
  Buffer.from('16030100a5010000a10303', 'hex'),
  Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('SSH-2.0-x\r\n'),
  Buffer.from('\r\n\r\n\r\n'),
];

export function httpGarbage(port: number, random: Random): Buffer {
  const choice = random.below(10);
  if (choice === 0) return random.pick(STRANGERS);
  if (choice === 1)
    return Buffer.from(Array.from({ length: 1 + random.below(300) }, () => random.below(256)));
  if (choice === 2)
    return Buffer.from(`GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`);
  if (choice === 3) return changed(Buffer.from(upgradeRequest(port, true)), random);
  const line = `${random.pick(METHODS)} ${random.pick(PATHS)} HTTP/${random.pick(['1.1', '1.1', '1.0', '0.9', '2.0', '1.1 x'])}`;
  const host = `Host: ${random.pick([`127.0.0.1:${port}`, `localhost:${port}`, 'other.example', '', '[::1'])}`;
  const headers = Array.from({ length: random.below(4) }, () => random.pick(HEADERS));
  const body = random.pick(['', '', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'fffffffff\r\nx', '{"a":']);
  const request = [line, host, ...headers, '', body].join('\r\n');
  return Buffer.from(request.repeat(random() < 0.1 ? 20 : 1), 'latin1');
}

function changed(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}

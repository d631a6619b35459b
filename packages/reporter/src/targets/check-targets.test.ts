import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import { checkTargets } from './check-targets.ts';
import type { TargetOptions } from './target-options.ts';

const REPORTER = { interval: 15_000, label: new Map([['env', 'prod']]) };
const NODE: TargetOptions = { job: 'node-exporter', urls: ['http://localhost:9100'] };

function checked(change: Partial<TargetOptions>) {
  const [target] = checkTargets([{ ...NODE, ...change }], REPORTER);
  assert.ok(target);
  return target;
}

function refused(change: Partial<TargetOptions>, message: RegExp): void {
  assert.throws(
    () => checked(change),
    (error) => error instanceof OptionError && message.test(error.message),
    JSON.stringify(change),
  );
}

test('a job with nothing but a URL has defaults for everything', () => {
  const { url, key, ...rest } = checked({});
  assert.equal(key, checked({}).key);
  assert.notEqual(key, checked({ drop: ['x'] }).key);
  assert.equal(url.href, 'http://localhost:9100/metrics');
  assert.deepEqual(rest, {
    job: 'node-exporter',
    shownUrl: 'http://localhost:9100/metrics',
    intervalMs: 15_000,
    timeoutMs: 10_000,
    labels: { env: 'prod', job: 'node-exporter', instance: 'localhost:9100' },
    honorLabels: false,
    honorTimestamps: true,
    credentials: { kind: 'none' },
    tls: {},
    headers: {},
    followRedirects: true,
    enableCompression: true,
    samplesMax: 10_000,
    bodyBytesMax: 32 * 1024 * 1024,
    keeps: null,
    fallback: 'text',
  });
});

test('the timeout is never above the interval', () => {
  assert.equal(checked({ interval: 5_000 }).timeoutMs, 5_000);
  assert.equal(checked({ interval: 5_000, timeout: 2_000 }).timeoutMs, 2_000);
  refused({ interval: 5_000, timeout: 6_000 }, /timeout 6s is longer than the interval, 5s/);
  refused({ timeout: 0 }, /timeout is too short/);
  refused({ interval: 50 }, /interval is too short; at least 100ms/);
});

test('beside a reporter whose interval is auto a target has an even one', () => {
  const [target] = checkTargets([NODE], { ...REPORTER, interval: 'auto' });
  assert.equal(target?.intervalMs, 10_000);
});

test('a URL without a path is asked for /metrics; instance is host and port', () => {
  const instanceOf = (text: string) => checked({ urls: [text] }).labels['instance'];
  assert.equal(checked({ urls: ['http://a:1/'] }).url.href, 'http://a:1/');
  assert.equal(checked({ urls: ['http://a:1?x=y'] }).url.href, 'http://a:1/metrics?x=y');
  assert.equal(checked({ urls: ['http://a/federate?match[]=up'] }).url.pathname, '/federate');
  assert.equal(instanceOf('http://a/metrics'), 'a:80');
  assert.equal(instanceOf('https://a/metrics'), 'a:443');
  assert.equal(instanceOf('http://[::1]:9100'), '[::1]:9100');
});

test('what is shown of a URL is no secret', () => {
  assert.equal(checked({ urls: ['http://a:1/m?token=s3cret'] }).shownUrl, 'http://a:1/m');
  // The second one is no URL, for the slash in the password.
  for (const url of ['http://user:s3cret@a:1/', 'http://user:s3c/ret@a:1/', 'htp://user:s3cret@a'])
    assert.throws(
      () => checked({ urls: [url] }),
      ({ message }: Error) => /credentials; use basic_auth/.test(message) && !message.includes('s3c'),
    );
  assert.equal(checked({ urls: ['http://a:1/m@x'] }).shownUrl, 'http://a:1/m@x');
});

test('what is no URL is refused with what may have been meant', () => {
  refused(
    { urls: ['localhost:9100'] },
    /targets\[0\] \(job "node-exporter"\): .*do you mean http:\/\/localhost:9100\?/,
  );
  refused({ urls: ['unix:/run/x.sock'] }, /is not an http:\/\/ or https:\/\/ URL$/);
  refused({ urls: ['http://a:1/#x'] }, /must not have a fragment/);
  refused({ urls: [] }, /urls is empty/);
});

test("a target's labels take the place of the reporter's and of its own job and instance", () => {
  const { labels } = checked({ labels: { env: 'test', instance: 'db-1', job: 'db' } });
  assert.deepEqual(labels, { env: 'test', job: 'db', instance: 'db-1' });
  refused({ labels: { host: 'x' } }, /"host" cannot be a label/);
  refused({ labels: { le: '1' } }, /"le" cannot be a label/);
  refused({ labels: { __x: '1' } }, /"__x" cannot be a label/);
  refused({ labels: { instance: '' } }, /labels: instance is empty/);
  refused({ labels: { x: 'y'.repeat(3000) } }, /labels: x must be text of at most 2048/);
  refused({ job: '' }, /job is empty/);
  refused({ job: 'node' }, /the job node is that of the reporter's own collectors/);
  refused({ labels: { job: 'node' } }, /the job node is that/);
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, 'x']));
  refused({ labels: many }, /a target may have 24/);
});

test('two targets with the same labels are refused', () => {
  refused(
    { urls: ['http://a:1/x', 'http://a:1/y'] },
    /http:\/\/a:1\/x and http:\/\/a:1\/y would both be job "node-exporter", instance "a:1"/,
  );
  assert.throws(() => checkTargets([NODE, NODE], REPORTER), /would both be/);
  const other = { ...NODE, labels: { instance: 'other' } };
  assert.equal(checkTargets([NODE, other], REPORTER).length, 2);
  const urls = Array.from({ length: 300 }, (_, i) => `http://a:${i + 1}/`);
  refused({ urls }, /300 URLs; at most 256/);
});

test('one way of saying who asks', () => {
  const basicAuth = { username: 'u', password: 'p' };
  const authorization = { credentials: 't' };
  assert.deepEqual(checked({ basicAuth }).credentials, {
    kind: 'basic',
    username: 'u',
    secret: { text: 'p' },
  });
  assert.deepEqual(checked({ authorization }).credentials, {
    kind: 'authorization',
    type: 'Bearer',
    secret: { text: 't' },
  });
  assert.deepEqual(checked({ bearerTokenFile: '/t' }).credentials, {
    kind: 'authorization',
    type: 'Bearer',
    secret: { file: '/t' },
  });
  refused({ basicAuth, authorization }, /only one of basic_auth, authorization and bearer_token_file/);
  refused({ authorization, bearerTokenFile: '/t' }, /only one of/);
  refused({ basicAuth: { ...basicAuth, passwordFile: '/p' } }, /only one of password and password_file/);
  refused({ basicAuth: { username: 'a:b' } }, /colon/);
  refused({ authorization: {} }, /needs credentials or credentials_file/);
  refused({ authorization: { type: 'Basic', credentials: 'x' } }, /use basic_auth/);
  refused({ authorization: { type: 'a b', credentials: 'x' } }, /"a b" is no type/);
  refused({ bearerTokenFile: '' }, /credentials_file is empty/);
});

test('headers that the scrape decides, or that cannot be sent, are refused', () => {
  assert.deepEqual(checked({ headers: { 'X-Scope': 'a' } }).headers, { 'X-Scope': 'a' });
  refused({ headers: { Accept: 'x' } }, /Accept cannot be set here/);
  refused({ headers: { 'a b': 'x' } }, /"a b" is no name of a header/);
  assert.throws(
    () => checked({ headers: { 'X-Key': 's3cret\n' } }),
    ({ message }: Error) => /the value of X-Key cannot be sent/.test(message) && !message.includes('s3cret'),
  );
});

test('TLS options that belong together, and versions that are known', () => {
  refused({ tlsConfig: { certFile: '/c' } }, /cert_file and key_file go together/);
  refused({ tlsConfig: { minVersion: 'TLS9' as 'TLS12' } }, /"TLS9" is none of TLS10, TLS11, TLS12, TLS13/);
  refused({ fallbackScrapeProtocol: 'x' as 'none' }, /fallback_scrape_protocol "x" is none of none, /);
});

test('keep and drop match whole names', () => {
  const keptOf = (change: Partial<TargetOptions>) => {
    const { keeps } = checked(change);
    return ['ab', 'b', 'bb', 'xa', 'a_bucket'].filter((name) => keeps?.(name));
  };
  assert.deepEqual(keptOf({ keep: ['a.*', 'b'], drop: ['.*_bucket'] }), ['ab', 'b']);
  assert.deepEqual(keptOf({ drop: ['a_.*|b'] }), ['ab', 'bb', 'xa']);
  refused({ keep: ['('] }, /keep: "\(" is no regular expression/);
  refused({ drop: ['\\pL'] }, /drop: .*\\p is not supported/);
  refused({ keep: [''] }, /keep has an empty expression/);
});

test('limits are whole numbers', () => {
  assert.equal(checked({ sampleLimit: 0 }).samplesMax, 18_000);
  assert.equal(checked({ sampleLimit: 50_000 }).samplesMax, 18_000);
  refused({ sampleLimit: 1.5 }, /sample_limit must be a whole number/);
  refused({ bodySizeLimit: 0 }, /body_size_limit must be a whole number of at least 1/);
});

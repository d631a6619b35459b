import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseYaml } from '@tributary/program/yaml-tree';
import { ConfigFileError } from '@tributary/shared/config-file';
import { checkFile, readOptions } from './config.ts';
import { takeFile } from './config-file.ts';

const FILE = '/etc/tributary/reporter.yml';

function targetsOf(text: string) {
  return readOptions(['--host=h'], {}, takeFile(FILE, parseYaml(text))).targets;
}

test('an entry has every key of the documentation, as the program names it', () => {
  const text = `
targets:
  - job: db
    urls: [http://localhost:9187/metrics, "https://db.example:9188"]
    interval: 30s
    timeout: 5s
    labels: {rack: 007, instance: db-1}
    honor_labels: true
    honor_timestamps: false
    basic_auth: {username: me, password_file: secrets/db}
    tls_config:
      ca_file: ca.pem
      cert_file: /etc/ssl/cert.pem
      key_file: key.pem
      server_name: db.example
      insecure_skip_verify: true
      min_version: TLS13
    headers: {X-Scope: a=b}
    follow_redirects: false
    enable_compression: false
    sample_limit: 500
    body_size_limit: 2MB
    keep: [pg_.*]
    drop:
      - pg_stat_.*
    fallback_scrape_protocol: OpenMetricsText1.0.0
`;
  const urls = ['http://localhost:9187/metrics'];
  assert.deepEqual(targetsOf(text.replace(', "https://db.example:9188"', '')), [
    {
      job: 'db',
      urls,
      interval: 30_000,
      timeout: 5_000,
      labels: { rack: '007', instance: 'db-1' },
      honorLabels: true,
      honorTimestamps: false,
      basicAuth: { username: 'me', passwordFile: '/etc/tributary/secrets/db' },
      tlsConfig: {
        caFile: '/etc/tributary/ca.pem',
        certFile: '/etc/ssl/cert.pem',
        keyFile: '/etc/tributary/key.pem',
        serverName: 'db.example',
        insecureSkipVerify: true,
        minVersion: 'TLS13',
      },
      headers: { 'X-Scope': 'a=b' },
      followRedirects: false,
      enableCompression: false,
      sampleLimit: 500,
      bodySizeLimit: 2 * 1024 * 1024,
      keep: ['pg_.*'],
      drop: ['pg_stat_.*'],
      fallbackScrapeProtocol: 'OpenMetricsText1.0.0',
    },
  ]);
  const other =
    'targets: [{job: a, urls: http://a, authorization: {type: Token, credentials: x}}, {job: b, urls: http://b, bearer_token_file: t}]';
  assert.deepEqual(targetsOf(other), [
    { job: 'a', urls: ['http://a'], authorization: { type: 'Token', credentials: 'x' } },
    { job: 'b', urls: ['http://b'], bearerTokenFile: '/etc/tributary/t' },
  ]);
});

test('there need not be any', () => {
  for (const text of ['', 'targets:\n', 'targets: []\n']) assert.deepEqual(targetsOf(text), []);
});

describe('a mistake is told with the line of the value', () => {
  const cases: readonly (readonly [text: string, ...mistakes: readonly string[]])[] = [
    ['targets: {job: a}\n', '1: targets: a list is needed here ("- " begins each of its items), not a map'],
    [
      'targets:\n  - a\n',
      '2: targets[0]: a map (job, urls, interval, timeout, labels, honor_labels, honor_timestamps, basic_auth, authorization, bearer_token_file, tls_config, headers, …) is needed here, not a single value',
    ],
    ['targets:\n  - job: a\n', '2: targets[0]: urls is missing'],
    [
      'targets:\n  - url: http://a\n    job: a\n',
      '2: unknown key targets[0].url; did you mean targets[0].urls?',
      '2: targets[0]: urls is missing',
    ],
    [
      'targets:\n  - job_name: a\n    urls: [http://a]\n',
      '2: unknown key targets[0].job_name; did you mean targets[0].job?',
      '2: targets[0]: job is missing',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    interval: 15\n',
      '4: targets[0].interval: 15 has no unit; write it as 15s',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    honor_labels: yes\n',
      '4: targets[0].honor_labels: "yes" is neither true nor false',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    basic_auth:\n      username: u\n      password: [x]\n',
      '6: targets[0].basic_auth.password: a single value is needed here, not a list',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    basic_auth: {password: x}\n',
      '4: targets[0].basic_auth: username is missing',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    basic_auth:\n      username: u\n      password: x\n      password_file: f\n',
      '7: targets[0].basic_auth: password and password_file cannot be given together',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    authorization: {credentials: x}\n    bearer_token_file: t\n',
      '5: targets[0]: authorization and bearer_token_file cannot be given together',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    tls_config:\n      min_version: TLS9\n',
      '5: targets[0].tls_config.min_version: "TLS9" is none of TLS10, TLS11, TLS12, TLS13',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    sample_limit: -1\n',
      '4: targets[0].sample_limit: "-1" is no whole number',
    ],
    [
      'targets:\n  - job: a\n    urls:\n      - http://a\n      - b:9100\n',
      '5: targets[0] (job "a"): "b:9100" is not an http:// or https:// URL; do you mean http://b:9100?',
    ],
    [
      'targets:\n  - job: a\n    urls:\n      - http://u:p@a\n',
      '4: targets[0] (job "a"): a URL must not carry credentials; use basic_auth',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    timeout: 20s\n',
      '4: targets[0] (job "a"): timeout 20s is longer than the interval, 10s',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    labels:\n      x: y\n      le: z\n',
      '6: targets[0] (job "a"): labels: "le" cannot be a label; use [a-zA-Z_][a-zA-Z0-9_]*, not __*, host, le or quantile',
    ],
    [
      'targets:\n  - urls: [http://a]\n    job: node\n',
      '3: targets[0] (job "node"): the job node is that of the reporter\'s own collectors; choose another, as in node-exporter',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    keep:\n      - x\n      - (\n',
      '6: targets[0] (job "a"): keep: "(" is no regular expression',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    headers:\n      Accept: x\n',
      '5: targets[0] (job "a"): headers: Accept cannot be set here',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n    tls_config: {cert_file: a}\n',
      '4: targets[0] (job "a"): tls_config: cert_file and key_file go together',
    ],
    [
      'targets:\n  - job: a\n    urls: [http://a]\n  - job: b\n    urls: [ftp://a]\n  - job: a\n    urls:\n      - http://a/x\n',
      '5: targets[1] (job "b"): "ftp://a" is not an http:// or https:// URL',
      '8: targets: http://a/metrics and http://a/x would both be job "a", instance "a:80"; give one another job, or labels: {instance: …}',
    ],
  ];
  for (const [text, ...mistakes] of cases) {
    test(JSON.stringify(text.slice(0, 80)), () => {
      assert.throws(
        () => checkFile(takeFile('f.yml', parseYaml(text))),
        (error) => {
          assert.ok(error instanceof ConfigFileError, String(error));
          assert.deepEqual(
            error.lines,
            mistakes.map((mistake) => `f.yml:${mistake}`),
          );
          return true;
        },
      );
    });
  }
});

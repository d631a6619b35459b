import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import {
  type CertificateFiles,
  folderOf,
  makeAuthority,
  makeCertificate,
  openssl,
  skip,
} from './certificates-test-support.ts';
import { readWebConfig, type WebConfigReading } from './read-web-config.ts';

/** Later than any certificate of the tests begins. */
let soon = Date.now() + 60_000;
/** Of the password `secret`, at the cost of 4. */
const HASH = '$2y$04$1kY5bCUmNlHqxhxVZKsbGOqHhPBlGxoJyXXyBMLuRGMlT0rTY1Lm.';

function put(folder: string, text: string): string {
  const file = join(folder, 'web.yml');
  writeFileSync(file, text);
  return file;
}

async function messageOf(folder: string, text: string): Promise<string> {
  const file = put(folder, text);
  try {
    await readWebConfig(file, soon);
  } catch (error) {
    assert.ok(error instanceof OptionError, String(error));
    return error.message.replaceAll(`${folder}/`, '');
  }
  return 'taken';
}

test('a file without TLS', async (t) => {
  const folder = folderOf(t);
  const file = put(
    folder,
    `basic_auth_users:
  alice: ${HASH}
  "bob": '${HASH}'
http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=1
    X-XSS-Protection: ""
rate_limit: {interval: 1s, burst: 20}
`,
  );
  const { config, files, warnings } = await readWebConfig(file, soon);
  assert.deepEqual(
    [...config.users],
    [
      ['alice', HASH],
      ['bob', HASH],
    ],
  );
  assert.deepEqual(
    [...config.headers],
    [
      ['X-Frame-Options', 'deny'],
      ['Strict-Transport-Security', 'max-age=1'],
    ],
  );
  assert.deepEqual(config.rateLimit, { intervalMs: 1000, burst: 20 });
  assert.deepEqual([config.tls, files, warnings], [null, [], []]);
});

test('a file that says nothing, and one of empty sections', async (t) => {
  const folder = folderOf(t);
  const nothing = { users: new Map(), tls: null, headers: new Map(), rateLimit: null };
  const sections =
    'tls_server_config:\nhttp_server_config:\nbasic_auth_users: {}\nrate_limit: {interval: 0, burst: 5}\n';
  for (const text of ['', '# nothing\n', sections, 'tls_server_config: {}\n'])
    assert.deepEqual((await readWebConfig(put(folder, text), soon)).config, nothing);
});

test('mistakes are told with their line, the bad value and the nearest key', async (t) => {
  const folder = folderOf(t);
  for (const [text, message] of [
    ['tls_server_conf: {}', /^web\.yml:1: unknown key tls_server_conf; did you mean tls_server_config\?$/],
    [
      'tls_server_config:\n  certfile: a',
      /^web\.yml:2: unknown key tls_server_config\.certfile; did you mean tls_server_config\.cert_file\?$/,
    ],
    [
      'auth_excluded_paths: [/x]',
      /^web\.yml:1: unknown key auth_excluded_paths; known here: tls_server_config,/,
    ],
    ['- a', /^web\.yml:1: a map \(tls_server_config, .*\) is needed here, not a list$/],
    ['a: b: c', /^web\.yml:1: no entry can stand here/],
    [
      'basic_auth_users:\n  a: secret',
      /^web\.yml:2: basic_auth_users: the user "a" has no bcrypt hash; make one with: tributary-gateway hash-password$/,
    ],
    ['basic_auth_users:\n\n  a:', /^web\.yml:3: basic_auth_users: the user "a" has no bcrypt hash$/],
    [`basic_auth_users: {'a:b': ${HASH}}`, /^web\.yml:1: basic_auth_users: the user "a:b" has a colon/],
    [
      `basic_auth_users: {a: ${HASH.replace('$04$', '$03$')}}`,
      /the user "a" has a hash of cost 3; 4 to 16 are possible/,
    ],
    [`basic_auth_users: {a: ${HASH.replace('$04$', '$17$')}}`, /the user "a" has a hash of cost 17/],
    [`basic_auth_users: {a: ${HASH}, a: ${HASH}}`, /^web\.yml:1: the key "a" was given in line 1 already$/],
    ['basic_auth_users: [a]', /^web\.yml:1: basic_auth_users: a map is needed here/],
    [
      'http_server_config:\n  http2: maybe',
      /^web\.yml:2: http_server_config\.http2: "maybe" is neither true nor false$/,
    ],
    [
      'http_server_config: {headers: {X-Other: a}}',
      /^web\.yml:1: unknown key http_server_config\.headers\.X-Other; known here: Content-Security-Policy/,
    ],
    [
      'http_server_config: {headers: {X-Frame-Options: allow}}',
      /headers\.X-Frame-Options: "allow" is none of deny, sameorigin$/,
    ],
    ['http_server_config: {headers: {X-Content-Type-Options: sniff}}', /"sniff" is none of nosniff$/],
    [
      'http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}',
      /X-XSS-Protection: "a\\nb" has a character that no header may have$/,
    ],
    ['rate_limit: {interval: 1}', /^web\.yml:1: rate_limit\.interval: 1 has no unit; write it as 1s$/],
    [
      '\nrate_limit:\n  interval: 1s',
      /^web\.yml:3: rate_limit: with an interval of 1s and no burst nothing would ever be answered/,
    ],
    ['rate_limit: {burst: -1}', /rate_limit\.burst: "-1" is no whole number$/],
    [
      'tls_server_config: {min_version: TLS13}',
      /^web\.yml:1: tls_server_config: cert_file is missing; TLS needs cert_file and key_file/,
    ],
    ['tls_server_config: {client_auth_type: NoClientCert}', /cert_file is missing/],
    [
      'tls_server_config: {cert: a, cert_file: b}',
      /^web\.yml:1: tls_server_config: cert and cert_file cannot be given together$/,
    ],
    [
      'tls_server_config: {min_version: TLS11}',
      /tls_server_config\.min_version: TLS11 is too weak to be served; TLS12 and TLS13 are possible$/,
    ],
    ['tls_server_config: {max_version: TLS10}', /max_version: TLS10 is too weak/],
    [
      'tls_server_config: {max_version: "1.3"}',
      /max_version: "1\.3" is no TLS version; there are TLS12, TLS13$/,
    ],
    ['tls_server_config: {max_version: TLS1.3}', /did you mean TLS13\?$/],
    [
      'tls_server_config:\n  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n  - TLS_RSA_WITH_AES_128_CBC_SHA',
      /^web\.yml:4: tls_server_config\.cipher_suites\[1\]: "TLS_RSA_WITH_AES_128_CBC_SHA" has no forward secrecy/,
    ],
    [
      'tls_server_config: {cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA]}',
      /did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\?$/,
    ],
    [
      'tls_server_config: {cipher_suites: [x]}',
      /"x" is no cipher suite that is possible here; see docs\/TLS\.md$/,
    ],
    [
      'tls_server_config: {curve_preferences: [P256]}',
      /curve_preferences\[0\]: "P256" is no curve; there are CurveP256, CurveP384, CurveP521, X25519$/,
    ],
    [
      'tls_server_config: {client_auth_type: requireandverifyclientcert}',
      /did you mean RequireAndVerifyClientCert\?$/,
    ],
    ['tls_server_config: {client_allowed_sans: [""]}', /client_allowed_sans\[0\]: a name is needed$/],
    ['tls_server_config: {client_allowed_sans: a}', /client_allowed_sans: a list is needed here/],
  ] as const) {
    assert.match(await messageOf(folder, text), message, text);
  }
  // All at once, in the order of the file.
  const several = await messageOf(folder, 'a: 1\nhttp_server_config: {http2: 1}\nrate_limit: {burst: x}\n');
  assert.deepEqual(
    several.split('\n').map((line) => line.slice(0, 10)),
    ['web.yml:1:', 'web.yml:2:', 'web.yml:3:'],
  );
  assert.match(
    await messageOf(
      folder,
      `basic_auth_users:\n${Array.from({ length: 1001 }, (_, i) => `  u${i}: ${HASH}\n`).join('')}`,
    ),
    /^web\.yml:2: basic_auth_users: 1001 users; at most 1000 are possible$/,
  );
});

test('no message tells a password or a key', async (t) => {
  const folder = folderOf(t);
  for (const text of [
    'basic_auth_users: {a: hunter2}',
    'basic_auth_users: {a: [hunter2]}',
    'tls_server_config: {cert: hunter2, key: hunter2}',
    'tls_server_config: {key: [hunter2]}',
  ])
    assert.doesNotMatch(await messageOf(folder, text), /hunter2|taken/);
});

test('a file that cannot be read', async (t) => {
  const folder = folderOf(t);
  await assert.rejects(
    readWebConfig(join(folder, 'none.yml'), soon),
    /none\.yml: the file cannot be read: there is none$/,
  );
  await assert.rejects(readWebConfig(folder, soon), /the file cannot be read: it is a folder$/);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await assert.rejects(readWebConfig(pipe, soon), /the file cannot be read: it is no file$/);
});

describe('with TLS', { skip }, () => {
  let folder = '';
  let authority: CertificateFiles;
  let server: CertificateFiles;

  before(() => {
    // For all tests here, since openssl takes a while.
    folder = mkdtempSync(join(tmpdir(), 'tributary-web-config-'));
    authority = makeAuthority(folder, 'authority');
    server = makeCertificate(folder, 'server', authority);
    // The tests of other files in this process may have taken minutes since it was set.
    soon = Date.now() + 60_000;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const read = (text: string): Promise<WebConfigReading> => readWebConfig(put(folder, text), soon);
  const PAIR = 'cert_file: server.pem, key_file: server.key';

  test('paths are relative to the file, and defaults are those of exporter-toolkit', async () => {
    const { config, files, warnings } = await read(`tls_server_config: {${PAIR}}`);
    const { tls } = config;
    assert.ok(tls !== null);
    assert.deepEqual(files, [server.certFile, server.keyFile]);
    assert.deepEqual([tls.clientAuth, tls.clientAllowedSans], ['NoClientCert', null]);
    const { minVersion, maxVersion, honorCipherOrder, ciphers = '' } = tls.context;
    assert.deepEqual([minVersion, maxVersion, honorCipherOrder], ['TLSv1.2', 'TLSv1.3', true]);
    assert.match(ciphers, /^TLS_AES_128_GCM_SHA256:/);
    assert.doesNotMatch(ciphers, /CBC|:AES|DHE-RSA-AES256-SHA$/);
    assert.ok(Math.abs(tls.notAfter - soon - 2 * 86_400_000) < 120_000);
    assert.deepEqual(warnings, []);
  });

  test('everything that can be said', async () => {
    const { config } = await read(`tls_server_config:
  cert_file: ${server.certFile}
  key_file: ${server.keyFile}
  client_ca_file: authority.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [a.example, 10.0.0.1]
  min_version: TLS12
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_AES_128_GCM_SHA256]
  curve_preferences: [CurveP384, X25519]
  prefer_server_cipher_suites: false
`);
    const { tls } = config;
    assert.ok(tls !== null);
    assert.deepEqual([...(tls.clientAllowedSans ?? [])], ['a.example', '10.0.0.1']);
    const { ciphers, ecdhCurve, maxVersion, honorCipherOrder, ca } = tls.context;
    assert.deepEqual(
      [ciphers, ecdhCurve, maxVersion, honorCipherOrder, (ca as string[]).length],
      ['ECDHE-ECDSA-AES256-SHA', 'secp384r1:X25519', 'TLSv1.2', false, 1],
    );
  });

  test('certificate and key may stand in the file itself', async () => {
    const indented = (file: string) => readFileSync(file, 'utf8').trim().replaceAll('\n', '\n    ');
    const text = `tls_server_config:\n  cert: |\n    ${indented(server.certFile)}\n  key: |\n    ${indented(server.keyFile)}\n`;
    chmodSync(put(folder, ''), 0o644);
    const { config, files, warnings } = await read(text);
    assert.ok(config.tls !== null);
    assert.deepEqual(files, []);
    assert.match(
      warnings.join(),
      /web\.yml: the private key in this file can be read by others than its owner and group; chmod 600/,
    );
    chmodSync(join(folder, 'web.yml'), 0o600);
    assert.deepEqual((await read(text)).warnings, []);
  });

  test('what is hardly meant is a warning', async () => {
    const text = `tls_server_config: {${PAIR}}`;
    // That of a service may be its group's.
    chmodSync(server.keyFile, 0o640);
    assert.deepEqual((await read(text)).warnings, []);
    chmodSync(server.keyFile, 0o644);
    assert.match((await read(text)).warnings.join(), /the private key .*server\.key can be read by others/);
    chmodSync(server.keyFile, 0o600);
    const file = put(folder, text);
    const { warnings: ended } = await readWebConfig(file, soon + 3 * 86_400_000);
    assert.match(ended.join(), /the certificate .*server\.pem ended on 20/);
    const { warnings: early } = await readWebConfig(file, soon - 2 * 86_400_000);
    assert.match(early.join(), /the certificate .*server\.pem does not begin before 20/);
  });

  test('what does not fit is told with its line', async () => {
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(join(folder, 'half'), readFileSync(server.certFile, 'utf8').slice(0, 200));
    writeFileSync(join(folder, 'junk'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    openssl('genrsa', '-aes128', '-passout', 'pass:x', '-out', join(folder, 'locked.key'), '1024');
    openssl('genrsa', '-out', join(folder, 'rsa.key'), '1024');
    copyFileSync(authority.keyFile, join(folder, 'other.key'));
    const tls = (rest: string) => `tls_server_config:\n  ${rest.replaceAll(', ', '\n  ')}\n`;
    const ca = `${PAIR}, client_ca_file: authority.pem`;
    for (const [rest, message] of [
      ['cert_file: server.pem', /^web\.yml:2: tls_server_config: key_file is missing/],
      ['key_file: server.key', /^web\.yml:2: tls_server_config: cert_file is missing/],
      [
        'cert_file: none, key_file: server.key',
        /^web\.yml:2: tls_server_config\.cert_file: "none" cannot be read: there is none$/,
      ],
      [
        'cert_file: server.pem, key_file: .',
        /^web\.yml:3: tls_server_config\.key_file: ".*" cannot be read: it is a folder$/,
      ],
      ['cert_file: empty, key_file: server.key', /^web\.yml:2: .*"empty" has no certificate in it$/],
      ['cert_file: half, key_file: server.key', /"half" has no certificate in it$/],
      ['cert_file: junk, key_file: server.key', /"junk" has a certificate that cannot be read$/],
      [
        'cert_file: server.pem, key_file: empty',
        /^web\.yml:3: tls_server_config\.key_file: "empty" has no private key in it$/,
      ],
      ['cert_file: server.pem, key_file: locked.key', /"locked\.key" is protected by a passphrase/],
      [
        'cert_file: server.pem, key_file: other.key',
        /"other\.key" is not the key of the certificate server\.pem \("CN=server"\)$/,
      ],
      ['cert_file: server.pem, key_file: rsa.key', /"rsa\.key" is not the key of the certificate/],
      [
        ca,
        /^web\.yml:4: tls_server_config\.client_ca_file is given, and no client is asked for a certificate/,
      ],
      [
        `${PAIR}, client_auth_type: RequireAndVerifyClientCert`,
        /^web\.yml:4: .*RequireAndVerifyClientCert needs client_ca_file/,
      ],
      [`${PAIR}, client_auth_type: VerifyClientCertIfGiven`, /VerifyClientCertIfGiven needs client_ca_file/],
      [
        `${PAIR}, client_ca_file: empty, client_auth_type: VerifyClientCertIfGiven`,
        /^web\.yml:4: .*client_ca_file: "empty" has no certificate in it$/,
      ],
      [
        `${PAIR}, client_ca_file: junk, client_auth_type: VerifyClientCertIfGiven`,
        /"junk" has a certificate that cannot be read$/,
      ],
      [
        `${PAIR}, client_ca_file: server.pem, client_auth_type: VerifyClientCertIfGiven`,
        /^web\.yml:4: .*client_ca_file: "server\.pem" has no root in it/,
      ],
      [
        `${ca}, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]`,
        /^web\.yml:6: .*client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert/,
      ],
      [
        `${PAIR}, client_auth_type: RequireAnyClientCert, client_allowed_sans: []`,
        /client_allowed_sans is empty/,
      ],
      [
        `${PAIR}, min_version: TLS13, max_version: TLS12`,
        /^web\.yml:5: tls_server_config: min_version TLS13 is above max_version TLS12$/,
      ],
      [
        `${PAIR}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]`,
        /^web\.yml:5: tls_server_config\.cipher_suites has suites of TLS 1\.3 only/,
      ],
    ] as const) {
      assert.match(await messageOf(folder, tls(rest)), message, rest);
    }
  });

  test('the digest tells whether anything is new', async () => {
    const text = `tls_server_config: {${PAIR}}`;
    const digest = async () => (await read(text)).digest;
    const before = await digest();
    assert.equal(await digest(), before);
    makeCertificate(folder, 'server', authority);
    assert.notEqual(await digest(), before);
  });
});

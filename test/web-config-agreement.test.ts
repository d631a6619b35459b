/** A web configuration that Prometheus's own checker takes is taken here, but for what docs/TLS.md names as stricter. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OptionError } from '@tributary/shared/options';
import {
  folderOf,
  makeAuthority,
  makeCertificate,
} from '../packages/gateway/src/trust/web-config/certificates-test-support.ts';
import { readWebConfig } from '../packages/gateway/src/trust/web-config/read-web-config.ts';
import { pathOf, without } from './support/peers.ts';

const HASH = '$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze';
const PAIR = 'cert_file: server.pem, key_file: server.key';
const CA = 'client_ca_file: ca.pem';
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
];

const tls = (rest: string) => `tls_server_config: {${rest}}\n`;

const TAKEN_BY_BOTH = [
  '',
  'tls_server_config: {}\n',
  'tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n',
  tls(PAIR),
  ...['NoClientCert', 'RequestClientCert', 'RequireAnyClientCert', 'RequireClientCert'].map((policy) =>
    tls(`${PAIR}, client_auth_type: ${policy}`),
  ),
  ...[
    'RequestClientCert',
    'RequireAnyClientCert',
    'VerifyClientCertIfGiven',
    'RequireAndVerifyClientCert',
  ].map((policy) => tls(`${PAIR}, ${CA}, client_auth_type: ${policy}`)),
  tls(`${PAIR}, min_version: TLS12, max_version: TLS13, prefer_server_cipher_suites: false`),
  tls(`${PAIR}, cipher_suites: [${CIPHERS.join()}]`),
  tls(`${PAIR}, curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]`),
  'http_server_config: {http2: false}\n',
  'http_server_config: {headers: {X-Frame-Options: sameorigin, X-XSS-Protection: "1; mode=block"}}\n',
  `basic_auth_users: {alice: ${HASH}, bob: ${HASH.replace('$2y', '$2a')}}\n`,
];

const REFUSED_BY_BOTH = [
  'tls_config: {}\n',
  tls('certfile: server.pem'),
  tls('cert_file: server.pem'),
  tls('key_file: server.key'),
  tls('cert_file: none, key_file: server.key'),
  tls('cert_file: server.pem, key_file: ca.key'),
  tls('cert_file: server.key, key_file: server.key'),
  tls(`${PAIR}, ${CA}`),
  tls(`${PAIR}, client_ca_file: none, client_auth_type: RequireAndVerifyClientCert`),
  tls(`${PAIR}, client_auth_type: Always`),
  tls(`${PAIR}, min_version: TLS14`),
  tls(`${PAIR}, cipher_suites: [TLS_NONE]`),
  tls(`${PAIR}, curve_preferences: [P256]`),
  'http_server_config: {headers: {X-Other: a}}\n',
  'http_server_config: {headers: {X-Frame-Options: allow}}\n',
  'http_server_config: {headers: {X-Content-Type-Options: sniff}}\n',
  'http_server_config: {http2: maybe}\n',
  'basic_auth_users: {a: secret}\n',
  'basic_auth_users: [a]\n',
];

/** What docs/TLS.md lists. */
const REFUSED_HERE_ONLY = [
  tls('min_version: TLS13'),
  tls(`${PAIR}, client_auth_type: VerifyClientCertIfGiven`),
  tls(`${PAIR}, client_auth_type: RequireAndVerifyClientCert`),
  tls(`${PAIR}, client_ca_file: server.key, client_auth_type: RequireAndVerifyClientCert`),
  tls(`${PAIR}, client_ca_file: server.pem, client_auth_type: RequireAndVerifyClientCert`),
  tls(`${PAIR}, min_version: TLS10`),
  `basic_auth_users: {a: ${HASH.replace('$10', '$17')}}\n`,
];

test('promtool and the gateway agree', { skip: without('PROMTOOL') }, async (t) => {
  const folder = folderOf(t);
  makeCertificate(folder, 'server', makeAuthority(folder, 'ca'));
  const texts = [...TAKEN_BY_BOTH, ...REFUSED_BY_BOTH, ...REFUSED_HERE_ONLY];
  const files = texts.map((text, i) => {
    const file = join(folder, `${i}.yml`);
    writeFileSync(file, text);
    return file;
  });
  const theirs = await verdicts(files);
  for (const [i, text] of texts.entries()) {
    const isTakenThere = TAKEN_BY_BOTH.includes(text) || REFUSED_HERE_ONLY.includes(text);
    assert.equal(theirs.get(files[i] ?? ''), isTakenThere, `promtool: ${text}`);
    const mistake = await mistakeIn(files[i] ?? '');
    assert.equal(mistake === null, TAKEN_BY_BOTH.includes(text), `here: ${text}: ${mistake}`);
  }
});

/** What `promtool check web-config` says of each file. */
function verdicts(files: readonly string[]): Promise<Map<string, boolean>> {
  return new Promise((resolve) =>
    // It ends with 1 for any that is wrong.
    execFile(pathOf('PROMTOOL'), ['check', 'web-config', ...files], (_error, stdout, stderr) => {
      const lines = `${stdout}\n${stderr}`.matchAll(/^(\S+\.yml) (SUCCESS|FAILED)/gm);
      resolve(new Map([...lines].map(([, file = '', verdict]) => [file, verdict === 'SUCCESS'])));
    }),
  );
}

async function mistakeIn(file: string): Promise<string | null> {
  try {
    await readWebConfig(file, Date.now());
    return null;
  } catch (error) {
    assert.ok(error instanceof OptionError, String(error));
    return error.message;
  }
}

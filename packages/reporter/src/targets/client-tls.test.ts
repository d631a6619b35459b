import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TLSSocket, type TlsOptions } from 'node:tls';
import type { TlsOptions as TargetTls } from '../tls/tls-options.ts';
import { TargetClient } from './client.ts';
import { Gate } from './gate.ts';
import { toScrapeError } from './scrape-error.ts';
import {
  type Certificate,
  folderOf,
  hasOpenssl,
  makeAuthority,
  makeCertificate,
  serve,
  serveTls,
} from './servers-test-support.ts';
import type { Target } from './target-options.ts';
import { targetOf } from './targets-test-support.ts';

const PARTS = { userAgent: 'test', largeBodies: new Gate(1), lookup, lookupElsewhere: lookup };

/** In CI nothing is passed by not being looked at. */
const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const skip = isCi || hasOpenssl() ? false : 'there is no openssl on this machine';

function serverOptions({ keyFile, certFile }: Certificate): TlsOptions {
  return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
}

async function ask(
  t: TestContext,
  url: string,
  tls: TargetTls,
  change: Partial<Target> = {},
): Promise<string> {
  const client = new TargetClient(targetOf({ url: new URL(url), tls, ...change }), PARTS);
  t.after(() => client.close());
  try {
    return Buffer.from((await client.get(new AbortController().signal)).body).toString();
  } catch (error) {
    const { reason, message } = toScrapeError(error);
    return `${reason}: ${message}`;
  }
}

test('who signed it, for whom, and how new it has to be', { skip }, async (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const caFile = authority.certFile;
  const certificate = makeCertificate(folder, 'exporter.test', authority);
  const url = await serveTls(t, { ...serverOptions(certificate), maxVersion: 'TLSv1.2' }, (_, response) =>
    response.end('trusted'),
  );
  assert.match(await ask(t, url, {}), /^tls: unable to/);
  assert.equal(await ask(t, url, { caFile }), 'trusted');
  assert.equal(await ask(t, url, { caFile, serverName: 'exporter.test' }), 'trusted');
  assert.match(await ask(t, url, { caFile, serverName: 'other.test' }), /^tls: Hostname/);
  assert.equal(await ask(t, url, { insecureSkipVerify: true }), 'trusted');
  assert.match(await ask(t, url, { caFile, minVersion: 'TLS13' }), /^tls: /);
  assert.match(await ask(t, url, { caFile: join(folder, 'none') }), /^secret: ENOENT/);
  assert.match(await ask(t, url.replace('https', 'http'), {}), /^(connect|http): /);
});

test('a client certificate, and one that was replaced', { skip }, async (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const stranger = makeCertificate(folder, 'stranger', makeAuthority(folder, 'other-authority'));
  const known = makeCertificate(folder, 'known', authority);
  const server = makeCertificate(folder, 'exporter.test', authority);
  const ca = readFileSync(authority.certFile);
  const url = await serveTls(
    t,
    { ...serverOptions(server), ca, requestCert: true, rejectUnauthorized: true },
    (_, response) => response.end('known'),
  );
  const caFile = authority.certFile;
  // With TLS 1.3 the server looks at it after the handshake, and may just close the connection.
  assert.match(await ask(t, url, { caFile }), /^(tls|connect): /);
  assert.match(await ask(t, url, { caFile, ...stranger }), /^(tls|connect): /);
  assert.equal(await ask(t, url, { caFile, ...known }), 'known');

  const mine = { keyFile: join(folder, 'mine.key'), certFile: join(folder, 'mine.pem') };
  const put = ({ keyFile, certFile }: Certificate) => {
    copyFileSync(keyFile, mine.keyFile);
    copyFileSync(certFile, mine.certFile);
  };
  const tls = { caFile, ...mine };
  const client = new TargetClient(targetOf({ url: new URL(url), tls }), PARTS);
  t.after(() => client.close());
  put(stranger);
  await assert.rejects(client.get(new AbortController().signal));
  put(known);
  assert.equal((await client.get(new AbortController().signal)).body.length, 'known'.length);
});

test('another host is not shown the client certificate', { skip }, async (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder, 'authority');
  const known = makeCertificate(folder, 'known', authority);
  const options = { ...serverOptions(makeCertificate(folder, 'exporter.test', authority)) };
  const asking = {
    ...options,
    ca: readFileSync(authority.certFile),
    requestCert: true,
    rejectUnauthorized: false,
  };
  const elsewhere = await serveTls(t, asking, (request, response) => {
    const { socket } = request;
    assert.ok(socket instanceof TLSSocket);
    response.end(`${Object.keys(socket.getPeerCertificate()).length} fields`);
  });
  const url = await serve(t, (_, response) => response.writeHead(302, { location: elsewhere }).end());
  const tls = { caFile: authority.certFile, ...known };
  assert.equal(await ask(t, url, tls), '0 fields');
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import {
  type Certificate,
  folderOf,
  hasOpenssl,
  makeAuthority,
  makeCertificate,
} from '../targets/servers-test-support.ts';
import type { TlsSettings } from '../tls/tls-files.ts';
import { dial, type GatewayTls } from './dial.ts';
import { pinOf, pinsOf } from './pins.ts';
import { parseProxyUrl } from './proxy-choice.ts';
import { startProxy } from './proxy-test-support.ts';

/** In CI nothing is passed by not being looked at. */
const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
const skip = isCi || hasOpenssl() ? false : 'there is no openssl on this machine';

const NO_TLS: GatewayTls = { pins: [], pinOnly: false };

function optionsOf({ keyFile, certFile }: Certificate): TlsOptions {
  return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
}

function pinOfFile({ certFile }: Certificate): string {
  return pinOf(new X509Certificate(readFileSync(certFile)));
}

/** A server that greets with who it thinks has come; everything that was said to it is kept. */
async function greeter(t: TestContext, tls: TlsOptions | null): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const greet = (socket: Socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => heard.push(String(data)));
    const peer = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
    socket.write(`hello ${peer?.CN ?? 'stranger'}\n`);
  };
  const server = tls === null ? createServer(greet) : createTlsServer(tls, greet);
  server.on('tlsClientError', () => {});
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  t.after(() => server.close());
  return { port, heard };
}

/** The greeting, or why there was none. */
async function ask(url: string, tls: Partial<GatewayTls> = {}, proxy = ''): Promise<string> {
  try {
    const socket = await dial(
      {
        url: new URL(url),
        tls: { ...NO_TLS, ...tls },
        proxy: proxy === '' ? null : parseProxyUrl(proxy),
      },
      2_000,
    );
    try {
      return await new Promise((resolve, reject) => {
        socket.once('data', (data) => resolve(String(data).trim()));
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('closed')));
      });
    } finally {
      socket.destroy();
    }
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

test('files that cannot be read for a dead mount are not waited for without end, nor asked for twice', async () => {
  // Such a mount needs root to be made; what a reader of files does meanwhile is not looked at here.
  const mount = Promise.withResolvers<TlsSettings>();
  let reads = 0;
  const read = () => {
    reads++;
    return mount.promise;
  };
  const route = { url: new URL('wss://127.0.0.1:9'), tls: { ...NO_TLS }, proxy: null };
  const late = { message: 'the files of --gateway.tls could not be read within 0.02 s' };
  for (let i = 0; i < 3; i++) await assert.rejects(dial(route, 20, read), late);
  assert.equal(reads, 1);
  mount.reject(new Error('EIO'));
  await assert.rejects(dial(route, 20, read), { message: 'EIO' });
  await assert.rejects(dial(route, 20, read), { message: 'EIO' });
  assert.equal(reads, 2, 'what was answered is read anew');
});

describe('TLS', { skip }, () => {
  test('who signed it, for whom, and how new it has to be', async (t) => {
    const folder = folderOf(t);
    const authority = makeAuthority(folder, 'authority');
    const caFile = authority.certFile;
    const certificate = makeCertificate(folder, 'gateway.test', authority);
    const { port } = await greeter(t, { ...optionsOf(certificate), maxVersion: 'TLSv1.2' });
    const url = `wss://127.0.0.1:${port}`;
    assert.match(
      await ask(url),
      /^error: unable to .+; name the authority that signed it with --gateway\.tls\.ca-file$/,
    );
    assert.equal(await ask(url, { caFile }), 'hello stranger');
    assert.equal(await ask(url, { caFile, serverName: 'gateway.test' }), 'hello stranger');
    assert.match(
      await ask(url, { caFile, serverName: 'other.test' }),
      /^error: Hostname.+--gateway\.tls\.server-name/,
    );
    assert.match(await ask(`wss://localhost:${port}`, { caFile }), /^error: Hostname/);
    assert.match(await ask(url, { caFile, minVersion: 'TLS13' }), /^error: .+(version|protocol)/i);
    assert.equal(await ask(url, { insecureSkipVerify: true }), 'hello stranger');
    assert.match(
      await ask(url, { caFile: makeAuthority(folder, 'other').certFile }),
      /^error: .+; no authority in \/.+other\.pem \(--gateway\.tls\.ca-file\) signed/,
    );
    assert.match(
      await ask(url, { caFile: join(folder, 'none') }),
      /^error: --gateway\.tls\.ca-file: ENOENT.+none'/,
    );
    // OpenSSL would take it, and trust nobody.
    assert.match(
      await ask(url, { caFile: certificate.keyFile }),
      /^error: --gateway\.tls\.ca-file: \/.+gateway\.test\.key holds no certificate that can be read/,
    );
  });

  test('a client certificate is shown, and one that was replaced the next time', async (t) => {
    const folder = folderOf(t);
    const authority = makeAuthority(folder, 'authority');
    const caFile = authority.certFile;
    const { port } = await greeter(t, {
      ...optionsOf(makeCertificate(folder, 'gateway.test', authority)),
      ca: readFileSync(caFile),
      requestCert: true,
    });
    const url = `wss://127.0.0.1:${port}`;
    // With TLS 1.3 the server looks at it after the handshake, and may just close the connection.
    assert.match(await ask(url, { caFile }), /^error: /);
    const mine = { keyFile: join(folder, 'mine.key'), certFile: join(folder, 'mine.pem') };
    for (const name of ['web-1', 'web-1-renewed']) {
      const { keyFile, certFile } = makeCertificate(folder, name, authority);
      copyFileSync(keyFile, mine.keyFile);
      copyFileSync(certFile, mine.certFile);
      assert.equal(await ask(url, { caFile, ...mine }), `hello ${name}`);
    }
    copyFileSync(caFile, mine.certFile);
    assert.match(
      await ask(url, { caFile, ...mine }),
      /^error: --gateway\.tls\.key-file: \/.+mine\.key is no key for \/.+mine\.pem.*key values mismatch/,
    );
  });

  test('a pin is of the key, or of one above it, and goes beside the usual checks', async (t) => {
    const folder = folderOf(t);
    const authority = makeAuthority(folder, 'authority');
    const other = makeAuthority(folder, 'other');
    const caFile = authority.certFile;
    const certificate = makeCertificate(folder, 'gateway.test', authority);
    const chain = Buffer.concat([certificate, other].map(({ certFile }) => readFileSync(certFile)));
    const { port, heard } = await greeter(t, { ...optionsOf(certificate), cert: chain });
    const url = `wss://127.0.0.1:${port}`;
    const [own, above, foreign] = [certificate, authority, other].map(pinOfFile) as [string, string, string];
    assert.equal(await ask(url, { caFile, pins: [own] }), 'hello stranger');
    assert.equal(await ask(url, { caFile, pins: [above] }), 'hello stranger');
    assert.equal(
      await ask(url, { caFile, pins: [foreign, own] }),
      'hello stranger',
      'one of several is enough',
    );
    assert.match(await ask(url, { pins: [own] }), /^error: unable to/, 'a pin alone is not');
    const refused = await ask(url, { caFile, pins: [foreign] });
    assert.match(
      refused,
      /^error: the gateway's key is none of --gateway\.tls\.pin; what it shows is sha256\//,
    );
    assert.ok(refused.includes(own), 'what may be pinned is told');
    assert.deepEqual(heard, [], 'nothing was sent');
  });

  test('with pin-only the own key is enough, whoever signed it for whom, and nothing else is', async (t) => {
    const folder = folderOf(t);
    const authority = makeAuthority(folder, 'authority');
    const selfSigned = makeAuthority(folder, 'self-signed');
    const signed = makeCertificate(folder, 'gateway.test', authority);
    for (const certificate of [selfSigned, signed]) {
      const { port } = await greeter(t, optionsOf(certificate));
      const url = `wss://localhost:${port}`;
      assert.equal(await ask(url, { pinOnly: true, pins: [pinOfFile(certificate)] }), 'hello stranger');
      assert.match(
        await ask(url, { pinOnly: true, pins: [pinOfFile(authority)] }),
        /^error: the gateway's key is none/,
      );
    }
  });

  test('a certificate that only looks like the issuer does not lend its pin', (t) => {
    const folder = folderOf(t);
    const certificate = makeCertificate(folder, 'gateway.test', makeAuthority(folder, 'authority'));
    const leaf = new X509Certificate(readFileSync(certificate.certFile));
    const impostor = new X509Certificate(readFileSync(makeAuthority(folderOf(t), 'authority').certFile));
    assert.equal(impostor.subject, 'CN=authority');
    assert.deepEqual(pinsOf([leaf, impostor]), [pinOf(leaf)]);
    assert.deepEqual(pinsOf([leaf, leaf]), [pinOf(leaf)]);
  });

  test('a server that says nothing, or no TLS, is left', async (t) => {
    const plain = await greeter(t, null);
    assert.match(await ask(`wss://127.0.0.1:${plain.port}`), /^error: .+wrong version number/i);
    const silent = createServer((socket) => t.after(() => socket.destroy()));
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port));
    });
    t.after(() => silent.close());
    const route = { url: new URL(`wss://127.0.0.1:${port}`), tls: NO_TLS, proxy: null };
    await assert.rejects(dial(route, 50), /no TLS within 0\.05 s/);
  });
});

describe('a proxy', () => {
  test('leads to ws:// by CONNECT, with the credentials of its URL', async (t) => {
    const { port } = await greeter(t, null);
    const proxy = await startProxy(t);
    const url = `ws://gateway.test:${port}`;
    assert.equal(await ask(url, {}, `http://me:secret@127.0.0.1:${proxy.port}`), 'hello stranger');
    assert.equal(
      await ask(`ws://[2001:db8::1]:${port}`, {}, `http://127.0.0.1:${proxy.port}`),
      'hello stranger',
    );
    assert.deepEqual(
      proxy.asked.map(({ authority, headers }) => [authority, headers.host, headers['proxy-authorization']]),
      [
        [
          `gateway.test:${port}`,
          `gateway.test:${port}`,
          `Basic ${Buffer.from('me:secret').toString('base64')}`,
        ],
        [`[2001:db8::1]:${port}`, `[2001:db8::1]:${port}`, undefined],
      ],
    );
    assert.equal(proxy.asked[0]?.headers.connection, undefined);
  });

  test('leads to wss://, and sees no certificate but its own', { skip }, async (t) => {
    const folder = folderOf(t);
    const authority = makeAuthority(folder, 'authority');
    const caFile = authority.certFile;
    const gateway = makeCertificate(folder, 'gateway.test', authority);
    const { port } = await greeter(t, { ...optionsOf(gateway), ca: readFileSync(caFile), requestCert: true });
    const mine = makeCertificate(folder, 'web-1', authority);
    const tls = { caFile, ...mine, pins: [pinOfFile(gateway)] };
    const url = `wss://gateway.test:${port}`;
    const plain = await startProxy(t);
    assert.equal(await ask(url, tls, `http://127.0.0.1:${plain.port}`), 'hello web-1');
    const names: unknown[] = [];
    const secure = await startProxy(
      t,
      ({ socket }) => {
        names.push(socket instanceof TLSSocket ? socket.getPeerCertificate().subject : 'no TLS');
        return 200;
      },
      {
        ...optionsOf(makeCertificate(folder, 'proxy.test', authority)),
        requestCert: true,
        rejectUnauthorized: false,
      },
    );
    assert.equal(await ask(url, tls, `https://127.0.0.1:${secure.port}`), 'hello web-1');
    assert.deepEqual(names, [undefined], 'the certificate of the host is for the gateway');
    const { caFile: _, ...trustingNobody } = tls;
    assert.match(
      await ask(url, trustingNobody, `https://127.0.0.1:${secure.port}`),
      /^error: the proxy https:\/\/127\.0\.0\.1:\d+: unable to/,
    );
  });

  test('that says no, or nothing, is told without its password', async (t) => {
    let status = 407;
    const { port } = await startProxy(t, () => status);
    const proxy = `http://127.0.0.1:${port}`;
    const withPassword = `http://me:secret@127.0.0.1:${port}`;
    const through = (url: string) => ask('ws://gateway.test:9750', {}, url);
    assert.equal(
      await through(proxy),
      `error: the proxy ${proxy} wants a name and password: give them in its URL (407 Said No)`,
    );
    assert.equal(
      await through(withPassword),
      `error: the proxy ${proxy} does not take the name and password of its URL (407 Said No)`,
    );
    status = 403;
    assert.equal(
      await through(withPassword),
      `error: the proxy ${proxy} does not allow connections to gateway.test:9750 (403 Said No)`,
    );
    status = 502;
    assert.equal(
      await through(withPassword),
      `error: the proxy ${proxy} cannot connect to gateway.test:9750 (502 Said No)`,
    );
    status = 0;
    const route = { url: new URL('ws://gateway.test'), tls: NO_TLS, proxy: parseProxyUrl(withPassword) };
    await assert.rejects(dial(route, 50), { message: `the proxy ${proxy} did not answer within 0.05 s` });
    assert.match(
      await through('http://me:secret@127.0.0.1:1'),
      /^error: the proxy http:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
  });

  test('that is none is told', async (t) => {
    const { port } = await greeter(t, null);
    assert.match(
      await ask('ws://gateway.test', {}, `http://127.0.0.1:${port}`),
      /^error: the proxy .+: Parse Error/,
    );
  });
});

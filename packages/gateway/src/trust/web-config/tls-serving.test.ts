import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { Agent, request as requestTls, type Server } from 'node:https';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { certificateNames } from './certificate-names.ts';
import { type CertificateFiles, makeAuthority, makeCertificate, skip } from './certificates-test-support.ts';
import { readPemFile } from './pem-file.ts';
import type { TlsSection } from './schema.ts';
import { TlsServing, type TlsServingParts } from './tls-serving.ts';
import { tlsSettings } from './tls-settings.ts';
import type { TlsSettings } from './web-config.ts';

const TIMES = {
  connectionTimeout: 30_000,
  keepAliveTimeout: 310_000,
  requestTimeout: 15_000,
  headersTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};

describe('a server of TLS', { skip }, () => {
  let folder = '';
  let authority: CertificateFiles;
  let server: CertificateFiles;
  let client: CertificateFiles;
  let nameless: CertificateFiles;
  let otherAuthority: CertificateFiles;
  let stranger: CertificateFiles;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-tls-'));
    authority = makeAuthority(folder, 'authority');
    server = makeCertificate(folder, 'server', authority);
    client = makeCertificate(folder, 'web-1', authority, {
      san: 'DNS:web-1,DNS:web-1.example,URI:spiffe://x',
    });
    nameless = makeCertificate(folder, 'web-2', authority, { san: '' });
    otherAuthority = makeAuthority(folder, 'other-authority');
    stranger = makeCertificate(folder, 'web-3', otherAuthority);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function settingsOf(section: TlsSection = {}, pair = server): Promise<TlsSettings> {
    const file = async (path: string) => ({ ...(await readPemFile(path)), about: path, isInline: false });
    const clientCa = section.clientCaFile === undefined ? null : await file(section.clientCaFile);
    const files = { cert: await file(pair.certFile), key: await file(pair.keyFile), clientCa };
    return tlsSettings(section, files, Date.now()).tls;
  }

  interface Bench {
    readonly serving: TlsServing;
    readonly https: Server;
    readonly port: number;
    readonly failures: string[];
    /** Requests that were read. */
    readonly asked: string[];
    failure(): Promise<string>;
  }

  async function start(
    t: TestContext,
    settings: TlsSettings,
    parts: Partial<TlsServingParts> = {},
  ): Promise<Bench> {
    const failures: string[] = [];
    const asked: string[] = [];
    let told = () => {};
    const failed = (reason: string) => {
      failures.push(reason);
      told();
    };
    const serving = new TlsServing(settings, { failed, ...parts });
    const https = serving.createServer(
      (incoming, response) => {
        asked.push(incoming.url ?? '');
        response.end(JSON.stringify(certificateNames(incoming.socket)));
      },
      { ...TIMES, shouldUpgradeCallback: () => true },
    );
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    t.after(() => {
      https.close();
      https.closeAllConnections();
      serving.close();
    });
    const { port } = https.address() as AddressInfo;
    const failure = async () => {
      if (failures.length === 0) await new Promise<void>((resolve) => (told = () => resolve()));
      return failures.splice(0).join();
    };
    return { serving, https, port, failures, asked, failure };
  }

  const ca = () => readFileSync(authority.certFile);
  const shown = ({ keyFile, certFile }: CertificateFiles) => ({
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
  });

  /** @returns the body, or `cut` when the connection was. */
  function ask(port: number, options: ConnectionOptions = {}): Promise<string> {
    return new Promise((resolve) => {
      const asked = requestTls({ host: '127.0.0.1', port, ca: ca(), agent: new Agent(), ...options });
      asked.on('error', () => resolve('cut'));
      asked.on('response', (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve(body));
      });
      asked.end();
    });
  }

  async function handshake(
    t: TestContext,
    port: number,
    options: ConnectionOptions = {},
  ): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port, ca: ca(), ...options });
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    return socket;
  }

  test('serves HTTP/1.1 by TLS 1.2 and later, and by nothing older', async (t) => {
    const { port, failure } = await start(t, await settingsOf());
    assert.equal(await ask(port), 'null');
    const offered = await handshake(t, port, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.deepEqual([offered.alpnProtocol, offered.getProtocol()], ['http/1.1', 'TLSv1.3']);
    const older = await handshake(t, port, { maxVersion: 'TLSv1.2' });
    assert.match(older.getCipher().name, /^ECDHE-ECDSA-.*(GCM|POLY1305)/);
    // Level 0, since OpenSSL itself would not even try otherwise.
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    assert.equal(await ask(port, old), 'cut');
    assert.equal(await failure(), 'incompatible');
    assert.equal(await ask(port, { ALPNProtocols: ['h2'] }), 'cut');
    assert.equal(await failure(), 'incompatible');
  });

  test('versions, suites and curves are those that were chosen', async (t) => {
    const narrow = {
      maxVersion: 'TLS12',
      cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
      curvePreferences: ['CurveP384'],
    };
    const { port, serving, failure } = await start(t, await settingsOf(narrow));
    const socket = await handshake(t, port);
    assert.deepEqual([socket.getProtocol(), socket.getCipher().name], ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA']);
    assert.equal((socket.getEphemeralKeyInfo() as { name: string }).name, 'secp384r1');
    assert.equal(await ask(port, { ecdhCurve: 'X25519' }), 'cut');
    await failure();
    serving.update(
      await settingsOf({ minVersion: 'TLS13', cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'] }),
    );
    assert.equal((await handshake(t, port)).getProtocol(), 'TLSv1.3');
    assert.equal(await ask(port, { maxVersion: 'TLSv1.2' }), 'cut');
    assert.equal(await failure(), 'incompatible');
  });

  test('certificates of clients, by each of Go’s policies', async (t) => {
    const { port, serving, asked, failures } = await start(t, await settingsOf());
    const outcome = async (options: ConnectionOptions) => {
      const answer = await ask(port, options);
      return answer === 'cut' ? failures.splice(0).join() : answer;
    };
    const clients = [{}, shown(stranger), shown(nameless), shown(client)];
    const missing = 'client_certificate_missing';
    const unverified = 'client_certificate_unverified';
    const names = '["web-1","web-1.example"]';
    for (const [clientAuthType, expected] of [
      ['NoClientCert', ['null', 'null', 'null', 'null']],
      ['RequestClientCert', ['null', 'null', 'null', 'null']],
      ['RequireAnyClientCert', [missing, 'null', 'null', 'null']],
      ['VerifyClientCertIfGiven', ['null', unverified, '["web-2"]', names]],
      ['RequireAndVerifyClientCert', [missing, unverified, '["web-2"]', names]],
    ] as const) {
      const withCa = clientAuthType === 'NoClientCert' ? {} : { clientCaFile: authority.certFile };
      // The same server all the time, so that each policy is seen to replace the one before.
      serving.update(await settingsOf({ clientAuthType, ...withCa }));
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const outcomes = [];
        asked.length = 0;
        for (const options of clients)
          outcomes.push(await outcome({ ...options, maxVersion: version, minVersion: version }));
        assert.deepEqual(outcomes, expected, `${clientAuthType} ${version}`);
        // Whoever was cut has not come to ask anything.
        assert.equal(asked.length, expected.filter((one) => !one.startsWith('client_')).length);
      }
    }
  });

  test('client_allowed_sans wants one of its names, of any kind', async (t) => {
    const verify = { clientAuthType: 'RequireAndVerifyClientCert', clientCaFile: authority.certFile };
    const allowed = (...clientAllowedSans: string[]) => settingsOf({ ...verify, clientAllowedSans });
    const { port, serving, failure } = await start(t, await allowed('other', 'spiffe://x'));
    assert.equal(await ask(port, shown(client)), '["web-1","web-1.example"]');
    serving.update(await allowed('WEB-1', 'web'));
    assert.equal(await ask(port, shown(client)), 'cut');
    assert.equal(await failure(), 'client_certificate_not_allowed');
    // The common name is none of them.
    serving.update(await allowed('web-2'));
    assert.equal(await ask(port, shown(nameless)), 'cut');
    assert.equal(await failure(), 'client_certificate_not_allowed');
  });

  test('a session is not resumed, so that an authority which is gone lets nobody in', async (t) => {
    const verify = { clientAuthType: 'RequireAndVerifyClientCert', clientCaFile: authority.certFile };
    const { port } = await start(t, await settingsOf(verify));
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = connect({ host: '127.0.0.1', port, ca: ca(), ...shown(client), maxVersion });
      let session = null as Buffer | null;
      first.on('session', (given: Buffer) => (session = given));
      first.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(first, 'data');
      session ??= first.getSession() ?? null;
      first.destroy();
      const second = await handshake(t, port, {
        ...shown(client),
        maxVersion,
        ...(session === null ? {} : { session }),
      });
      assert.equal(second.isSessionReused(), false);
    }
  });

  test('who is in stays in when certificate and policy change', async (t) => {
    const { port, serving } = await start(t, await settingsOf());
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca() });
    t.after(() => agent.destroy());
    const sockets = new Set<unknown>();
    agent.on('free', (socket) => sockets.add(socket));
    const serial = async () => (await handshake(t, port)).getPeerCertificate().serialNumber;
    assert.equal(await ask(port, { agent } as ConnectionOptions), 'null');
    const before = await serial();
    const renewed = makeCertificate(folder, 'renewed', authority);
    serving.update(await settingsOf({}, renewed));
    assert.notEqual(await serial(), before);
    serving.update(
      await settingsOf(
        { clientAuthType: 'RequireAndVerifyClientCert', clientCaFile: authority.certFile },
        renewed,
      ),
    );
    assert.equal(await ask(port), 'cut');
    assert.equal(await ask(port, { agent } as ConnectionOptions), 'null');
    assert.equal(sockets.size, 1);
  });

  test('a certificate says nothing any more once its authority is distrusted, or its name not allowed, on a connection that was open before, too', async (t) => {
    const verify = { clientAuthType: 'VerifyClientCertIfGiven', clientCaFile: authority.certFile };
    const other = { ...verify, clientCaFile: otherAuthority.certFile };
    const { port, serving } = await start(t, await settingsOf(verify));
    const agentOf = () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca(), ...shown(client) });
      t.after(() => agent.destroy());
      return { agent } as ConnectionOptions;
    };
    const names = '["web-1","web-1.example"]';
    const first = agentOf();
    assert.equal(await ask(port, first), names);
    // A renewal of the gateway's own certificate is no reason to come again.
    serving.update(await settingsOf(verify, makeCertificate(folder, 'renewed-again', authority)));
    assert.equal(await ask(port, first), names);
    serving.update(await settingsOf(other));
    assert.equal(await ask(port, first), 'null');
    serving.update(await settingsOf(verify));
    // Trusted again, and yet it has to come anew.
    assert.equal(await ask(port, first), 'null');
    const required = { ...verify, clientAuthType: 'RequireAndVerifyClientCert' };
    serving.update(await settingsOf({ ...required, clientAllowedSans: ['web-1'] }));
    const second = agentOf();
    assert.equal(await ask(port, second), names);
    serving.update(await settingsOf({ ...required, clientAllowedSans: ['web-2'] }));
    assert.equal(await ask(port, second), 'null');
  });

  test('a handshake that was under way when the authority was distrusted does not get in', async (t) => {
    const verify = { clientAuthType: 'VerifyClientCertIfGiven', clientCaFile: authority.certFile };
    const { port, serving, https, failure } = await start(t, await settingsOf(verify));
    const begun = once(https, 'connection');
    const raw = connectPlain(port, '127.0.0.1');
    await begun;
    serving.update(await settingsOf({ ...verify, clientCaFile: otherAuthority.certFile }));
    const late = connect({ socket: raw, ca: ca(), host: '127.0.0.1', ...shown(client) });
    late.on('error', () => {});
    assert.equal(await failure(), 'client_certificate_unverified');
    late.destroy();
  });

  test('whoever speaks something else is counted, and harms nobody', async (t) => {
    const { port, failure, serving } = await start(t, await settingsOf());
    const plain = request({ host: '127.0.0.1', port });
    await assert.rejects(once(plain.end(), 'response'));
    assert.equal(await failure(), 'plain_http');
    const garbage = connectPlain(port, '127.0.0.1').on('error', () => {});
    garbage.write(Buffer.alloc(1000, 0xff));
    assert.match(await failure(), /^(incompatible|other)$/);
    const leaving = connectPlain(port, '127.0.0.1');
    await once(leaving, 'connect');
    leaving.end();
    assert.equal(await failure(), 'closed');
    await assert.rejects(handshake(t, port, { ca: readFileSync(stranger.certFile) }));
    assert.match(await failure(), /^(rejected_by_client|closed)$/);
    assert.equal(await ask(port), 'null');
    assert.equal(serving.handshakes, 0);
  });

  test('another address serves the same, with the same settings', {
    skip: process.platform !== 'linux',
  }, async (t) => {
    const { port, serving, https } = await start(t, await settingsOf());
    https.on(
      'upgrade',
      (_request, socket) =>
        void socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n'),
    );
    await serving.alsoListen(https, '127.0.0.2', port);
    // Of no interface, and so left out.
    await serving.alsoListen(https, '192.0.2.1', port);
    const elsewhere = { host: '127.0.0.2', checkServerIdentity: () => undefined };
    assert.equal(await ask(port, elsewhere), 'null');
    const upgrading = requestTls({
      ...elsewhere,
      port,
      ca: ca(),
      headers: { connection: 'upgrade', upgrade: 'a' },
    }).end();
    await once(upgrading, 'upgrade');
    serving.update(await settingsOf({ clientAuthType: 'RequireAnyClientCert' }));
    assert.equal(await ask(port, elsewhere), 'cut');
    serving.close();
    const late = connectPlain(port, '127.0.0.2');
    await assert.rejects(once(late, 'connect'), /ECONNREFUSED/);
  });

  test('a slow handshake is cut', async (t) => {
    const { port, failure } = await start(t, await settingsOf(), { handshakeMs: 100 });
    const slow = connectPlain(port, '127.0.0.1').on('error', () => {});
    // The first bytes of a hello, and no more of it.
    slow.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
    slow.resume();
    await once(slow, 'close');
    assert.equal(await failure(), 'timeout');
  });

  test('there is room for so many handshakes at a time', async (t) => {
    const { port, failure, serving } = await start(t, await settingsOf(), { handshakesMax: 2 });
    const waiting = [connectPlain(port, '127.0.0.1'), connectPlain(port, '127.0.0.1')];
    await Promise.all(waiting.map((socket) => once(socket, 'connect')));
    assert.equal(await ask(port), 'cut');
    assert.match(await failure(), /^too_many/);
    // Those that have not come to be a connection are not waited for at the end.
    const gone = waiting.map((socket) => once(socket.resume(), 'close'));
    serving.close();
    await Promise.all(gone);
    assert.equal(await ask(port), 'cut');
  });

  test('openssl connects', async (t) => {
    const { port } = await start(t, await settingsOf());
    const run = promisify(execFile)('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-CAfile',
      authority.certFile,
      '-verify_return_error',
      '-verify_ip',
      '127.0.0.1',
    ]);
    run.child.stdin?.end('GET /from-openssl HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const { stdout } = await run;
    assert.match(stdout, /Verify return code: 0 \(ok\)/);
  });
});

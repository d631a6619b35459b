import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { ConfigFileError } from '@tributary/shared/config-file';
import {
  type CertificateFiles,
  folderOf,
  makeAuthority,
  makeCertificate,
  skip,
} from './certificates-test-support.ts';
import { WebConfigWatch } from './watch.ts';

const HASH = `$2y$04$${'a'.repeat(53)}`;

interface Bench {
  readonly watch: WebConfigWatch;
  /** As `level message fields`. */
  readonly lines: string[];
  readonly changes: string[];
  now: number;
}

async function open(file: string): Promise<Bench> {
  const lines: string[] = [];
  const changes: string[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const bench = { lines, changes, now: Date.now() + 60_000 };
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  const onFault = (error: unknown) => assert.fail(String(error));
  const watch = await WebConfigWatch.open(file, { log, onFault, now: () => bench.now });
  watch.onChange(({ users }) => void changes.push([...users.keys()].join()));
  return Object.assign(bench, { watch });
}

function put(file: string, ...users: string[]): void {
  writeFileSync(
    file,
    users.length === 0 ? '' : `basic_auth_users: {${users.map((user) => `${user}: ${HASH}`).join()}}\n`,
  );
}

test('a change is taken at the next look, and handed out once', async (t) => {
  const file = join(folderOf(t), 'web.yml');
  put(file, 'a');
  const bench = await open(file);
  const { watch, lines, changes } = bench;
  assert.deepEqual([...watch.current.users.keys()], ['a']);
  const startedAt = bench.now;
  bench.now += 5000;
  for (let i = 0; i < 3; i++) await watch.poll();
  utimesSync(file, 1, 1);
  await watch.poll();
  assert.deepEqual([lines, changes, watch.facts.lastReloadSuccessAt], [[], [], startedAt]);
  put(file, 'b', 'c');
  for (let i = 0; i < 3; i++) await watch.poll();
  assert.deepEqual(changes, ['b,c']);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^info the web configuration was read anew .*"users":2/);
  assert.deepEqual(watch.facts, {
    lastReloadSuccessful: true,
    lastReloadSuccessAt: bench.now,
    certificateNotAfter: null,
  });
});

test('a change that leaves size and times as they were is found while it is young', async (t) => {
  const file = join(folderOf(t), 'web.yml');
  put(file, 'a');
  const { watch, changes } = await open(file);
  put(file, 'b');
  await watch.poll();
  // As if it came within the same tick of the file system's clock as the look before.
  put(file, 'c');
  await watch.poll();
  await watch.poll();
  assert.deepEqual(changes, ['b', 'c']);
});

test('a bad file keeps the one before, and is told once for each content', async (t) => {
  const file = join(folderOf(t), 'web.yml');
  put(file, 'a');
  const { watch, lines, changes } = await open(file);
  writeFileSync(file, 'basic_auth_user: {}\n');
  await watch.poll();
  // It may be half written; a second look tells.
  assert.deepEqual([lines.length, watch.facts.lastReloadSuccessful], [0, true]);
  for (let i = 0; i < 3; i++) await watch.poll();
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /^error the web configuration cannot be taken; the one before goes on .*web\.yml:1: unknown key basic_auth_user; did you mean basic_auth_users\?/,
  );
  assert.deepEqual(
    [[...watch.current.users.keys()], watch.facts.lastReloadSuccessful, changes],
    [['a'], false, []],
  );
  rmSync(file);
  for (let i = 0; i < 3; i++) await watch.poll();
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', /cannot be read: there is none/);
  put(file, 'a');
  await watch.poll();
  assert.match(lines[2] ?? '', /^info the web configuration is as it was again/);
  assert.deepEqual([watch.facts.lastReloadSuccessful, changes], [true, []]);
});

test('it looks by itself, and stops', async (t) => {
  const file = join(folderOf(t), 'web.yml');
  put(file, 'a');
  const log = { info() {}, warn() {}, error() {} };
  const watch = await WebConfigWatch.open(file, {
    log,
    onFault: (error) => assert.fail(String(error)),
    now: Date.now,
    pollMs: 5,
  });
  const changed = new Promise<void>((resolve) => watch.onChange(() => resolve()));
  watch.start();
  put(file, 'b');
  await changed;
  watch.stop();
});

test('a file that is not valid at the start is none', async (t) => {
  const file = join(folderOf(t), 'web.yml');
  writeFileSync(file, 'a: 1');
  await assert.rejects(open(file), ConfigFileError);
});

describe('certificates', { skip }, () => {
  let folder = '';
  let first: CertificateFiles;
  let second: CertificateFiles;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-renewal-'));
    const authority = makeAuthority(folder, 'authority');
    first = makeCertificate(folder, 'first', authority);
    second = makeCertificate(folder, 'second', authority, { days: 30 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function served({ watch }: Bench): string {
    return new X509Certificate(String(watch.current.tls?.context.cert)).subject;
  }

  function renewable(t: TestContext) {
    const own = folderOf(t);
    const [file, cert, key] = [join(own, 'web.yml'), join(own, 'tls.pem'), join(own, 'tls.key')];
    copyFileSync(first.certFile, cert);
    copyFileSync(first.keyFile, key);
    writeFileSync(file, 'tls_server_config: {cert_file: tls.pem, key_file: tls.key}\n');
    return { own, file, cert, key };
  }

  test('a pair that is renewed in two steps is taken when it fits, without a word before', async (t) => {
    const { file, cert, key } = renewable(t);
    const bench = await open(file);
    const { watch, lines } = bench;
    assert.deepEqual([served(bench), lines], ['CN=first', []]);
    const ends = watch.facts.certificateNotAfter ?? 0;
    copyFileSync(second.certFile, cert);
    await watch.poll();
    assert.deepEqual([served(bench), lines], ['CN=first', []]);
    // Half a key, as a reader may find it while it is written.
    writeFileSync(key, readFileSync(second.keyFile, 'utf8').slice(0, 50));
    await watch.poll();
    copyFileSync(second.keyFile, key);
    await watch.poll();
    assert.equal(served(bench), 'CN=second');
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^info .*"clientAuth":"NoClientCert","certificateEnds":"20/);
    assert.ok((watch.facts.certificateNotAfter ?? 0) > ends);
  });

  test('a pair that does not come to fit is told, and taken once it does', async (t) => {
    const { file, key } = renewable(t);
    const bench = await open(file);
    const { watch, lines } = bench;
    copyFileSync(second.keyFile, key);
    for (let i = 0; i < 4; i++) await watch.poll();
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /tls\.key\\" is not the key of the certificate .*tls\.pem \(\\"CN=first\\"\)/,
    );
    assert.equal(watch.facts.lastReloadSuccessful, false);
    copyFileSync(second.certFile, join(key, '..', 'tls.pem'));
    await watch.poll();
    assert.deepEqual([served(bench), watch.facts.lastReloadSuccessful], ['CN=second', true]);
  });

  test('a folder that is swapped by its link, as Kubernetes does, is a change', async (t) => {
    const own = folderOf(t);
    for (const pair of [first, second]) makeFolder(own, pair);
    const file = join(own, 'web.yml');
    symlinkSync('first', join(own, 'data'));
    writeFileSync(file, 'tls_server_config: {cert_file: data/tls.pem, key_file: data/tls.key}\n');
    const bench = await open(file);
    symlinkSync('second', join(own, 'new'));
    renameSync(join(own, 'new'), join(own, 'data'));
    await bench.watch.poll();
    assert.equal(served(bench), 'CN=second');
  });

  test('TLS is not switched while it runs, which is told', async (t) => {
    const { file } = renewable(t);
    const bench = await open(file);
    const { watch, lines } = bench;
    put(file, 'a');
    for (let i = 0; i < 3; i++) await watch.poll();
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /tls_server_config is gone; TLS is switched on and off with a restart of the gateway only/,
    );
    assert.deepEqual(
      [served(bench), watch.current.users.size, watch.facts.lastReloadSuccessful],
      ['CN=first', 0, false],
    );
  });

  test('a warning comes with each file that deserves it', async (t) => {
    const { file, cert } = renewable(t);
    const bench = await open(file);
    bench.now += 5 * 86_400_000;
    writeFileSync(file, 'tls_server_config: {cert_file: tls.pem, key_file: tls.key, min_version: TLS13}\n');
    await bench.watch.poll();
    assert.match(bench.lines[1] ?? '', new RegExp(`^warn .*the certificate ${cert} ended on`));
  });
});

function makeFolder(own: string, { certFile, keyFile }: CertificateFiles): void {
  const at = join(own, certFile.includes('first') ? 'first' : 'second');
  mkdirSync(at);
  copyFileSync(certFile, join(at, 'tls.pem'));
  copyFileSync(keyFile, join(at, 'tls.key'));
}

/** Real servers on loopback, and certificates for them. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';

/** A folder that is gone after the test. */
export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-targets-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @returns `http://127.0.0.1:PORT` */
export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(t, createServer(listener))}`;
}

/** @returns `https://127.0.0.1:PORT` */
export async function serveTls(
  t: TestContext,
  options: TlsOptions,
  listener: RequestListener,
): Promise<string> {
  return `https://127.0.0.1:${await listen(t, createTlsServer(options, listener))}`;
}

export async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}

export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
}

/** An authority of its own, by whose certificate alone others are to be believed. */
export function makeAuthority(folder: string, name: string): Certificate {
  const { keyFile, certFile } = filesOf(folder, name);
  openssl('req', '-x509', ...newKey(keyFile), '-subj', `/CN=${name}`, '-days', '2', '-out', certFile);
  return { keyFile, certFile };
}

/** A certificate for `127.0.0.1` and for the name, that `authority` signs. */
export function makeCertificate(folder: string, name: string, authority: Certificate): Certificate {
  const { keyFile, certFile } = filesOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=DNS:${name},IP:127.0.0.1\n`);
  openssl('req', ...newKey(keyFile), '-subj', `/CN=${name}`, '-out', request);
  const by = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial'];
  openssl('x509', '-req', '-in', request, ...by, '-days', '2', '-extfile', extensions, '-out', certFile);
  return { keyFile, certFile };
}

function filesOf(folder: string, name: string): Certificate {
  return { keyFile: join(folder, `${name}.key`), certFile: join(folder, `${name}.pem`) };
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

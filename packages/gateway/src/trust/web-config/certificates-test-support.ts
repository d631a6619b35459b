/** Certificates of the tests' own, made by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface CertificateFiles {
  readonly keyFile: string;
  readonly certFile: string;
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}

/** In CI nothing is passed by not being looked at. */
const isCi = !['', '0', 'false', undefined].includes(process.env['CI']);
export const skip = isCi || hasOpenssl() ? false : 'there is no openssl on this machine';

/** A folder that is gone after the test. */
export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-web-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An authority of its own, by whose certificate alone others are to be believed. */
export function makeAuthority(folder: string, name: string): CertificateFiles {
  const { keyFile, certFile } = filesOf(folder, name);
  openssl('req', '-x509', ...newKey(keyFile), '-subj', `/CN=${name}`, '-days', '2', '-out', certFile);
  return { keyFile, certFile };
}

/**
 * A certificate for `127.0.0.1` and for the name, that `authority` signs.
 * @param san as `subjectAltName` of openssl; '' for none.
 */
export function makeCertificate(
  folder: string,
  name: string,
  authority: CertificateFiles,
  { san = `DNS:${name},IP:127.0.0.1`, subject = `/CN=${name}`, days = 2 } = {},
): CertificateFiles {
  const { keyFile, certFile } = filesOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, san === '' ? 'basicConstraints=CA:FALSE\n' : `subjectAltName=${san}\n`);
  openssl('req', ...newKey(keyFile), '-subj', subject, '-out', request);
  const by = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial'];
  const until = ['-days', `${days}`];
  openssl('x509', '-req', '-in', request, ...by, ...until, '-extfile', extensions, '-out', certFile);
  return { keyFile, certFile };
}

/** @returns what it wrote to stdout. */
export function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { stdio: 'pipe' }).toString();
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { keyFile: join(folder, `${name}.key`), certFile: join(folder, `${name}.pem`) };
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];
}

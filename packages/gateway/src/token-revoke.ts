/** What `token revoke` does, and what it says of what is still good: who revokes one credential of a host may not be done. */
import { type Credential, stateOf } from './trust/credentials/credential.ts';
import type { CredentialStore } from './trust/credentials/credential-store.ts';
import { CredentialsError } from './trust/credentials/credentials-error.ts';

export interface RevokeWanted {
  readonly ids: readonly string[];
  /** '' for none. */
  readonly host: string;
  readonly certificate: string;
  readonly issued: boolean;
}

/**
 * All of it, or nothing, in one commit.
 * @returns lines of what was done, and of what is still good
 * @throws CredentialsError
 */
export function revokeAll(
  store: CredentialStore,
  { ids, host, certificate, issued }: RevokeWanted,
  now: number,
): { lines: string[]; notes: string[] } {
  const lines: string[] = [];
  const asked: Credential[] = [];
  const add = (what: string, revoked: readonly Credential[]) => {
    if (revoked.length === 0) lines.push(`${what} was revoked already`);
    for (const each of revoked) lines.push(`revoked ${called(each)}`);
    asked.push(...revoked);
  };
  store.together(() => {
    for (const id of ids) {
      const revoked = store.revoke(id, issued);
      add(id, revoked);
      const known = store.get(id);
      if (revoked.length === 0 && known !== undefined) asked.push(known);
    }
    if (host !== '' && !isKnown(store, host)) {
      throw new CredentialsError(`there is no credential of a host "${host}"; see "token list"`);
    }
    if (host !== '') add(`everything of host ${host}`, store.revokeHost(host));
    if (certificate !== '') add(`the certificate of ${certificate}`, store.revokeCertificate(certificate));
  });
  return { lines, notes: stillGood(store, asked, now) };
}

function isKnown(store: CredentialStore, host: string): boolean {
  return store.list().some(({ kind, name }) => name === host && (kind === 'host' || kind === 'certificate'));
}

function stillGood(store: CredentialStore, revoked: readonly Credential[], now: number): string[] {
  const isGood = (credential: Credential | undefined) =>
    credential !== undefined && stateOf(credential, now) === 'valid';
  const notes = new Set<string>();
  for (const { id, kind, name, parent } of revoked) {
    if (kind === 'join') {
      const left = store.list().filter((each) => each.parent === id && isGood(each)).length;
      const hosts = left === 1 ? 'one host is' : `${left} hosts are`;
      if (left > 0) notes.add(`${hosts} still let in that came by ${id}; --issued revokes them, too`);
    }
    if (kind !== 'host' && kind !== 'certificate') continue;
    for (const each of store.goodFor(name)) notes.add(`still good for host ${name}: ${called(each)}`);
    const join = parent === null ? undefined : store.get(parent);
    if (join === undefined || !isGood(join)) continue;
    notes.add(
      `host ${name} may still have join token ${join.id}, which is good for other names; revoke it, too, if the host was broken into`,
    );
  }
  return [...notes];
}

function called({ id, kind, name }: Credential): string {
  return `${id} (${kind}${name === '' ? '' : ` ${name}`})`;
}

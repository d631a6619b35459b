/** How `token list` shows credentials. */
import { type Credential, stateOf } from './trust/credentials/credential.ts';

/** For programs. */
export function described(credential: Credential, now: number) {
  const {
    id,
    kind,
    name,
    createdAt,
    expiresAt,
    revokedAt,
    usedAt,
    usesMax,
    uses,
    pattern,
    parent,
    renewing,
  } = credential;
  return {
    id,
    kind,
    name,
    state: stateOf(credential, now),
    created: timeText(createdAt),
    expires: expiresAt === null ? null : timeText(expiresAt),
    revoked: revokedAt === null ? null : timeText(revokedAt),
    lastUsed: usedAt === null ? null : timeText(usedAt),
    ...(kind === 'join' ? { uses, usesMax, pattern } : {}),
    ...(kind === 'host' ? { joinedBy: parent, renewing } : {}),
  };
}

const HEADS = ['ID', 'KIND', 'NAME', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED', 'NOTE'];

function row(credential: Credential, now: number): string[] {
  const { id, kind, name, createdAt, expiresAt, usedAt, parent, renewing } = credential;
  return [
    id,
    kind,
    name === '' ? (credential.pattern ?? '*') : name,
    stateOf(credential, now),
    timeText(createdAt),
    expiresAt === null ? 'never' : timeText(expiresAt),
    usedAt === null ? 'never' : timeText(usedAt),
    kind === 'join'
      ? `${credential.uses} of ${credential.usesMax ?? 'any number of'} uses`
      : [parent === null ? '' : `joined by ${parent}`, renewing ? 'to be renewed' : '']
          .filter(Boolean)
          .join(', '),
  ];
}

/** For people, a line each. */
export function table(credentials: readonly Credential[], now: number): string {
  const all = [HEADS, ...credentials.map((each) => row(each, now))];
  const widths = HEADS.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

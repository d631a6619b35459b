/** How damage of the file is told from everything else that may go wrong with it. */

/** What is in the file cannot have been written by a ledger, although SQLite finds nothing wrong with it. */
export class DamageError extends Error {
  override readonly name = 'DamageError';
}

/** True for an error that says that the file's content cannot be right. */
export function isDamage(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  const isSqlites =
    typeof code === 'string' && (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB');
  return isSqlites || error instanceof DamageError;
}

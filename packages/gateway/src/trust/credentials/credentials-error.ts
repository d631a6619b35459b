/** What is wrong with the credentials or their file; `message` says what to do. */
export class CredentialsError extends Error {
  override readonly name: string = 'CredentialsError';
}

/** Another program has locked the file. It is worth trying again. */
export class CredentialsBusyError extends CredentialsError {
  override readonly name = 'CredentialsBusyError';
}

/**
 * What SQLite and the file system say, for people.
 * @param path of the file
 */
export function explain(path: string, error: unknown): CredentialsError {
  if (error instanceof CredentialsError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const options = { cause: error };
  const file = `the file of the credentials, ${path}`;
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    const text = `${file}, is locked by another program, such as a backup or a shell of SQLite; end that, or try again`;
    return new CredentialsBusyError(text, options);
  }
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    const text = `${file}, is damaged; put a copy of it back, or move it away and make new tokens`;
    return new CredentialsError(text, options);
  }
  const remedy = REMEDIES.find(([codes]) => codes.test(code))?.[1];
  return new CredentialsError(
    `cannot use ${file}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`,
    options,
  );
}

/** What is to be done, by the code. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_FULL|^ENOSPC|^EDQUOT/, 'make room on its disk'],
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|^EACCES|^EPERM|^EROFS/,
    'it and its folder must be writable: run this as the user that the gateway runs as, or as root',
  ],
  [/^SQLITE_IOERR|^EIO/, 'look at the disk and at the log of the system'],
];

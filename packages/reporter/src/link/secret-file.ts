/** Reads and writes the small files that hold tokens. What they hold never gets into a message. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isToken } from '@tributary/shared/fields';
import { TOKEN_CHARS_MAX } from '@tributary/shared/limits';

/** A file of tokens has some hundred bytes. */
const BYTES_MAX = 16 * 1024;
const READABLE_BY_OTHERS = 0o004;

export interface SecretFile {
  readonly text: string;
  /** True when every user of this machine may read it. */
  readonly isOpenToOthers: boolean;
}

/** @throws the system's error, or one that says what is wrong with the file. */
export function readSecretFile(path: string): SecretFile {
  const about = statSync(path);
  // Opening a pipe would wait for whoever writes into it.
  if (!about.isFile()) throw new Error(`${path} is no file`);
  if (about.size > BYTES_MAX) throw new Error(`${path} has more than ${BYTES_MAX} bytes: it is no token`);
  // Windows has no such bits, and shows them all the same.
  const isOpenToOthers = process.platform !== 'win32' && (about.mode & READABLE_BY_OTHERS) !== 0;
  return { text: readFileSync(path, 'utf8'), isOpenToOthers };
}

/** The one token of a file; white space around it does not count. @throws Error */
export function tokenIn(text: string, path: string): string {
  const token = text.trim();
  if (isToken(token)) return token;
  if (token === '') throw new Error(`${path} is empty: a token is needed`);
  if (token.length > TOKEN_CHARS_MAX)
    throw new Error(`${path} has ${token.length} characters: a token has at most ${TOKEN_CHARS_MAX}`);
  if (/\s/.test(token))
    throw new Error(`${path} has white space or line breaks within: it must hold one token and nothing else`);
  throw new Error(`${path} holds characters that no token has: it must be visible ASCII`);
}

/**
 * Writes a file for its owner alone. There is a whole file at any time, the one before or the new one.
 * `syncFolderOf` is to follow: only then does the new one outlive the machine.
 * @throws the system's error
 */
export function writeSecretFile(path: string, text: string): void {
  const unfinished = `${path}.new`;
  // One that a crash left behind may have another owner or mode.
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

/** Makes the names in a file's folder durable. @throws the system's error */
export function syncFolderOf(path: string): void {
  // Windows opens no folders, and has no need of it.
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

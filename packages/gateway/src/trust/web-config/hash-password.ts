/** Makes what `basic_auth_users` wants, where there is no htpasswd. */
import { OptionError } from '@tributary/shared/options';

/** As usual: 0.1 s of a thread for each comparison. */
const COST = 10;
/** bcrypt passes over what is behind. */
const PASSWORD_BYTES_MAX = 72;

/** @returns a bcrypt hash. @throws OptionError for a password that bcrypt cannot tell from others */
export async function hashPassword(password: string): Promise<string> {
  if (password === '') throw new OptionError('hash-password wants a password on its standard input');
  if (/[\0\r\n]/.test(password)) throw new OptionError('a password is one line, without a NUL');
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX)
    throw new OptionError(`a password has at most ${PASSWORD_BYTES_MAX} bytes; bcrypt passes over the rest`);
  // It takes memory that nobody else needs.
  const { default: bcrypt } = await import('bcrypt');
  return await bcrypt.hash(password, COST);
}

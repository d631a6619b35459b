/** Reads what a client says it is: `Authorization: Basic …` (RFC 7617). */
import { isUtf8 } from 'node:buffer';

export interface BasicCredentials {
  readonly name: string;
  readonly password: string;
}

/** Of the header's value. bcrypt looks at 72 bytes of a password. */
const CHARS_MAX = 2048;

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** @returns null for another scheme, and for what is no name and password in UTF-8. */
export function basicCredentials(authorization: string | undefined): BasicCredentials | null {
  if (authorization === undefined || authorization.length > CHARS_MAX) return null;
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString();
  const colon = text.indexOf(':');
  if (colon < 0 || /\p{Cc}/u.test(text)) return null;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

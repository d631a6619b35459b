/** Keeps secrets out of what is shown: the last line of defence, behind code that does not show them in the first place. */

/** What stands in place of a secret where a configuration is shown, as in Prometheus. */
export const SECRET_SHOWN = '<secret>';

/** Name and password of a URL, up to the last @ of what may be its host. */
const USERINFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>/?#]*@/gi;
/** The value of an `Authorization` header, with or without its name. */
const CREDENTIAL = /\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{16,}/gi;

/** A text without the credentials of URLs and headers in it. */
export function redact(text: string): string {
  if (!text.includes('://') && !/bearer|basic/i.test(text)) return text;
  return text.replace(USERINFO, '$1…@').replace(CREDENTIAL, '$1$2…');
}

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);

/**
 * True for a URL with a name or password, and for a text that may be meant as one: `me:secret@host` is a URL, too, of the
 * scheme `me:`.
 * @param url what was made of the text.
 */
export function mayHoldCredentials(
  text: string,
  url: { readonly protocol: string; readonly username: string; readonly password: string } | null,
): boolean {
  if (url === null || !SCHEMES.has(url.protocol)) return text.includes('@');
  return url.username !== '' || url.password !== '';
}

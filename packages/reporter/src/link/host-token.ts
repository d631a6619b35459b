/**
 * Which token a reporter shows to its gateway. There are two places: the token file, which a person writes, and the kept
 * file, which this program writes when the gateway gives the host a token of its own. The kept token goes first for as
 * long as the token file says what it was obtained with; once a person has put something else there, that does. It is shown to
 * the gateway alone that gave it: whoever else the URL may name, by mistake or not, could speak for the host with it.
 *
 * Nothing here touches a disk: see host-credentials.ts.
 */
import { isObject, isToken } from '@tributary/shared/fields';

/** What the token file says. */
export interface GivenToken {
  readonly token: string;
  /** SHA-256 of the token, in hex. */
  readonly digest: string;
}

/** Who shows a token, to whom, and over what. */
export interface TokenUse {
  readonly host: string;
  /** HOST:PORT of the gateway's URL, the port only where the URL has it. */
  readonly gateway: string;
  /** True when anybody on the way can read it: `ws://` that leaves this machine. */
  readonly isPlain: boolean;
}

/** What the gateway gave, as it is kept beside the spool, and on what use it came. */
export interface KeptTokens extends TokenUse {
  /** `GivenToken.digest` of what they were obtained with; '' when there was no token file. */
  readonly obtainedWith: string;
  /** The newest first. The one before is kept until the newest was accepted once. */
  readonly tokens: readonly string[];
}

/** A token that may be shown, and where it is from. */
export type ShownToken =
  | { readonly from: 'file'; readonly token: string; readonly digest: string }
  | { readonly from: 'kept'; readonly token: string; readonly obtainedWith: string };

export const TOKENS_KEPT_MAX = 2;

const VERSION = 1;
const DIGEST = /^(?:[0-9a-f]{64})?$/;

/** What may be shown, in the order in which it is tried: the next only when the one before got HTTP 401. */
export function chooseTokens(
  use: TokenUse,
  given: GivenToken | null,
  kept: KeptTokens | null,
): readonly ShownToken[] {
  const file: ShownToken[] = given === null ? [] : [{ from: 'file', ...given }];
  if (kept === null || !isFor(kept, use)) return file;
  const { obtainedWith, tokens } = kept;
  if (given !== null && given.digest !== obtainedWith) return file;
  const obtained = tokens.map((token): ShownToken => ({ from: 'kept', token, obtainedWith }));
  return [...obtained, ...file.filter(({ token }) => !tokens.includes(token))];
}

/** Whether what is kept may be shown. */
export function isFor(kept: KeptTokens, use: TokenUse): boolean {
  // A token is bound to one name: under another it is of no use.
  return kept.host === use.host && kept.gateway === use.gateway && (kept.isPlain || !use.isPlain);
}

/**
 * What is to be kept after a welcome.
 * @param shown what the gateway took; null when nothing was shown.
 * @param token what the welcome brought; undefined for nothing new.
 * @returns null when nothing changes.
 */
export function keepAfter(
  use: TokenUse,
  shown: ShownToken | null,
  token: string | undefined,
  kept: KeptTokens | null,
): KeptTokens | null {
  const obtainedWith = shown === null ? '' : shown.from === 'file' ? shown.digest : shown.obtainedWith;
  if (token !== undefined && token !== shown?.token) {
    const before = shown?.from === 'kept' ? [shown.token] : [];
    return { ...use, obtainedWith, tokens: [token, ...before] };
  }
  // It was accepted; whatever else is kept has had its day.
  if (shown?.from !== 'kept' || kept === null || kept.tokens.length < 2) return null;
  return { ...use, obtainedWith, tokens: [shown.token] };
}

export function encodeKept(kept: KeptTokens): string {
  return `${JSON.stringify({ version: VERSION, ...kept })}\n`;
}

/** @throws Error that says what is wrong, without showing what may be a token. */
export function decodeKept(text: string): KeptTokens {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message would quote the text.
    throw new Error('it is not JSON');
  }
  if (!isObject(parsed) || parsed['version'] !== VERSION)
    throw new Error(`it is not of version ${VERSION}, which alone this program knows`);
  const { host, gateway, isPlain, obtainedWith, tokens } = parsed;
  if (typeof host !== 'string' || typeof gateway !== 'string' || typeof isPlain !== 'boolean')
    throw new Error('host, gateway or isPlain is missing or wrong');
  if (typeof obtainedWith !== 'string' || !DIGEST.test(obtainedWith))
    throw new Error('obtainedWith is missing or wrong');
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > TOKENS_KEPT_MAX)
    throw new Error(`tokens is not a list of 1 or ${TOKENS_KEPT_MAX}`);
  const texts = tokens.filter((token): token is string => typeof token === 'string' && isToken(token));
  if (texts.length < tokens.length) throw new Error('one of tokens is no token');
  return { host, gateway, isPlain, obtainedWith, tokens: texts };
}

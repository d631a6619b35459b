/** Which host names a join token is for: `*` stands for any run of characters, `?` for one, all others for themselves. */
import { HOST_CHARS_MAX } from '@tributary/shared/limits';

const ALLOWED = /^[a-zA-Z0-9._*?-]+$/;

export function isHostPattern(text: string): boolean {
  return text.length <= HOST_CHARS_MAX && ALLOWED.test(text);
}

/** Takes time proportional to the product of both lengths at the worst; a regular expression could take for ever. */
export function matchesPattern(pattern: string, host: string): boolean {
  let p = 0;
  let h = 0;
  // Where the last `*` stands, and how far it reaches; a mismatch lets it take one character more.
  let star = -1;
  let reach = 0;
  while (h < host.length) {
    if (pattern[p] === '*') {
      star = p++;
      reach = h;
    } else if (pattern[p] === '?' || pattern[p] === host[h]) {
      p++;
      h++;
    } else if (star >= 0) {
      p = star + 1;
      h = ++reach;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

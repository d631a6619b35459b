/** Hashes as `htpasswd -B` writes them: `$2y$10$`, 22 characters of salt and 31 of the hash. */

const HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const COST_MIN = 4;
/** One comparison takes some 6 s then, of a thread that others wait for. */
const COST_MAX = 16;

/**
 * The logarithm of its rounds.
 * @throws Error whose message goes on from the name of the user, and does not tell the hash.
 */
export function costOf(hash: string): number {
  const cost = Number(HASH.exec(hash)?.[1] ?? Number.NaN);
  if (Number.isNaN(cost))
    throw new Error('has no bcrypt hash; make one with: tributary-gateway hash-password');
  if (cost < COST_MIN || cost > COST_MAX)
    throw new Error(`has a hash of cost ${cost}; ${COST_MIN} to ${COST_MAX} are possible, and 10 is usual`);
  return cost;
}

/**
 * `$2y` is what other programs call the same thing, and the library knows it not; with `$2a` it repeats a mistake of old
 * ones with long passwords, which Go does not.
 */
export function normalHash(hash: string): string {
  return hash.replace(/^\$2[ay]\$/, '$2b$');
}

/**
 * Settles which families may keep the names that they reserve. A family that cannot is demoted: its lines become
 * strays under their sample names, of unknown type. A plain family needs only the name that its lines have and never
 * has to give way, so every line finds a place and the process ends: each draft is demoted at most once. What it had
 * taken in (take-in.ts) is a family of its own again.
 */
import type { Draft } from './draft.ts';
import { isPlain } from './format.ts';
import { type Strays, stray } from './source.ts';

/**
 * @param drafts in an order that does not depend on who came first, since the outcome may hang on it.
 * @param strays gets the lines of those demoted. Names that no remaining draft has as `sample` are families of their own.
 * @returns the drafts that remain.
 */
export function settle(drafts: readonly Draft[], strays: Strays): Draft[] {
  const claims = new Map<string, Set<Draft>>();
  for (const draft of drafts) claim(draft, claims);
  const released: Draft[] = [];
  const demoted = new Set<Draft>();
  // No others can come to be in dispute: the lines of a draft, and what it took in, have names that it had reserved.
  const disputed = [...strays.keys()];
  for (const [name, claimants] of claims) if (claimants.size > 1) disputed.push(name);
  for (let name = disputed.pop(); name !== undefined; name = disputed.pop()) {
    const losers = losersOf(name, claims.get(name), strays);
    if (losers.length === 0) continue;
    // Others may still want it, or the lines that have just lost their family.
    disputed.push(name);
    for (const loser of losers) {
      demoted.add(loser);
      for (const reserved of loser.reserved) claims.get(reserved)?.delete(loser);
      for (const source of loser.sources) stray(source, strays);
      if (loser.created === null) continue;
      released.push(loser.created);
      claim(loser.created, claims);
      disputed.push(...loser.created.reserved);
    }
  }
  return [...drafts, ...released].filter((draft) => !demoted.has(draft));
}

function claim(draft: Draft, claims: Map<string, Set<Draft>>): void {
  for (const name of draft.reserved) {
    const claimants = claims.get(name);
    if (claimants === undefined) claims.set(name, new Set([draft]));
    else claimants.add(draft);
  }
}

/** Who has to give way for `name`: nobody if it is held once, else the lowest of those that can. */
function losersOf(name: string, claimants: ReadonlySet<Draft> | undefined, strays: Strays): readonly Draft[] {
  if (claimants === undefined || claimants.size === 0) return [];
  const [first] = claimants;
  if (claimants.size === 1 && first !== undefined && (!strays.has(name) || takes(first, name))) return [];
  const demotable = [...claimants].filter((draft) => draft.rank > 0);
  const lowest = Math.min(...demotable.map((draft) => draft.rank));
  return demotable.filter((draft) => draft.rank === lowest);
}

/** Whether strays called `name` may join the draft's family. */
function takes(draft: Draft, name: string): boolean {
  return isPlain(draft.type) && draft.sample === name;
}

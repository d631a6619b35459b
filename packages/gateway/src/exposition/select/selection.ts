/** What a request of `/metrics` selects: series by `match[]`, hosts by `host=` and `shard=`. */
import { fnv1a32 } from '@tributary/shared/hash';
import { HOST_CHARS_MAX } from '@tributary/shared/limits';
import { isHostName } from '@tributary/shared/names';
import type { AdmittedShape } from '../../link/admission.ts';
import { createMatchSet, type Mask, type MatchSet } from './match-set.ts';
import { SelectionError } from './selection-error.ts';
import { newRegexBudget, parseSelector } from './selector.ts';

export interface Selection {
  /**
   * Canonical text of the match[] set: sorted, each selector once, one spelling for one meaning; '' selects every
   * series. It names cursors and stands in a metric's label.
   */
  readonly matches: string;
  /** Canonical text of host= and shard=, '' for the whole fleet: `host=web-1`, `shard=0/4`, `host=a&host=b&shard=1/2`. */
  readonly scope: string;
  /** Those that `host=` names, sorted; null without. Not all of them need to be included, nor known. */
  readonly hosts: readonly string[] | null;
  includesHost(host: string): boolean;
  /**
   * Flags of the shape's series that are not selected for this host, by index in the column; null when all are
   * selected, 'none' when none is. Found once for a shape and kept with it. Whether the host itself is included is not
   * looked at.
   */
  hiddenOf(shape: AdmittedShape, host: string): Mask;
  /** Finds out, a little at a time, what `hiddenOf` then knows of the shape. */
  preparing(shape: AdmittedShape): Iterable<void>;
  /** Whether any of the gateway's own series that are of no host may be included. */
  readonly includesProcess: boolean;
  /**
   * Whether one of the gateway's own series goes into this exposition: of a family with series per host only those of
   * included hosts; others only where no host is chosen, and in shard 0 only; and what match[] selects.
   * @param name of the sample, with its suffix.
   */
  includesOwn(name: string, labels: Readonly<Record<string, string>>, perHost: boolean): boolean;
  /** Lets go of what only evaluating needed; see `prepareSelection`. */
  release(): void;
}

export interface SelectionQuery {
  readonly match: readonly string[];
  readonly host: readonly string[];
  readonly shard: string | undefined;
}

/** Selectors of one request. */
export const MATCHES_MAX = 64;
/** `host=` of one request. */
export const HOSTS_MAX = 1024;
export const SHARDS_MAX = 1024;

export const EVERYTHING: Selection = {
  matches: '',
  scope: '',
  hosts: null,
  includesHost: () => true,
  includesProcess: true,
  hiddenOf: () => null,
  preparing: () => [],
  includesOwn: () => true,
  release: () => {},
};

/** @throws SelectionError */
export function parseSelection({ match, host, shard }: SelectionQuery): Selection {
  const set = match.length === 0 ? null : matchSetOf(match);
  const hosts = host.length === 0 ? null : readHosts(host);
  const part = shard === undefined ? null : readShard(shard);
  if (set === null && hosts === null && part === null) return EVERYTHING;
  const includesHost = rememberingLast(
    (name) => (hosts?.has(name) ?? true) && (part === null || fnv1a32(name) % part.count === part.index),
  );
  const scope = [...(hosts ?? [])].map((name) => `host=${name}`);
  if (part !== null) scope.push(`shard=${part.index}/${part.count}`);
  // Shards of a selection together are the selection, so what is of no host is in the first.
  const includesProcess = hosts === null && (part === null || part.index === 0);
  return {
    matches: set?.text ?? '',
    scope: scope.join('&'),
    hosts: hosts === null ? null : [...hosts],
    includesHost,
    includesProcess,
    hiddenOf: (shape, name) => set?.hiddenOf(shape, name) ?? null,
    preparing: (shape) => set?.preparing(shape) ?? [],
    includesOwn: (name, labels, perHost) =>
      (perHost ? includesHost(labels['host'] ?? '') : includesProcess) && (set?.takes(name, labels) ?? true),
    release: () => set?.release(),
  };
}

/** Match sets that are kept from one request to the next, with what they have found out about the fleet's shapes. */
const MATCH_SETS_MAX = 16;
/** By the selectors as they came, the least recently used first. Scrapers send the same again and again. */
const matchSets = new Map<string, MatchSet>();

function matchSetOf(match: readonly string[]): MatchSet {
  const key = JSON.stringify(match);
  const set = matchSets.get(key) ?? readMatchSet(match);
  matchSets.delete(key);
  matchSets.set(key, set);
  for (const oldest of matchSets.keys()) {
    if (matchSets.size <= MATCH_SETS_MAX) break;
    matchSets.delete(oldest);
  }
  return set;
}

function readMatchSet(match: readonly string[]): MatchSet {
  if (match.length > MATCHES_MAX) {
    throw new SelectionError('match[]', match[MATCHES_MAX] ?? '', {
      what: `more than ${MATCHES_MAX} selectors in one request`,
      remedy: 'join them by =~"a|b", or scrape in several jobs',
      offset: null,
    });
  }
  const budget = newRegexBudget();
  return createMatchSet(match.map((text) => parseSelector(text, budget)));
}

function readHosts(names: readonly string[]): ReadonlySet<string> {
  if (names.length > HOSTS_MAX) {
    throw new SelectionError('host', names[HOSTS_MAX] ?? '', {
      what: `more than ${HOSTS_MAX} hosts in one request`,
      remedy: 'use match[] with host=~"…", or shard=I/N',
      offset: null,
    });
  }
  for (const name of names) {
    if (isHostName(name)) continue;
    throw new SelectionError('host', name, {
      what: 'no name of a host',
      remedy: `names are 1 to ${HOST_CHARS_MAX} letters, digits, ".", "-" and "_"; match[] takes patterns`,
      offset: null,
    });
  }
  return new Set([...names].sort());
}

/** @returns null for the one shard that is everything. */
function readShard(text: string): { index: number; count: number } | null {
  const [, left = '', right = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const index = Number(left);
  const count = Number(right);
  if (right === '' || count < 1 || count > SHARDS_MAX || index >= count) {
    throw new SelectionError('shard', text, {
      what: 'no shard',
      remedy: `write I/N with N from 1 to ${SHARDS_MAX} and I from 0 to N-1, such as 0/4`,
      offset: null,
    });
  }
  return count === 1 ? null : { index, count };
}

/** Hosts are asked for in runs: group by group, series by series. */
function rememberingLast(includes: (host: string) => boolean): (host: string) => boolean {
  let last: string | null = null;
  let answer = false;
  return (host) => {
    if (host !== last) {
      answer = includes(host);
      last = host;
    }
    return answer;
  };
}

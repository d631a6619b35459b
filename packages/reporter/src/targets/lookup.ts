/**
 * Looks names up for all targets. The system's resolver blocks a thread of the few that Node has for files as well, and one
 * that gets no answer does so for many seconds. So few names are asked for at a time, each once however often it is
 * wanted, and `localhost`, where most exporters are, needs no resolver at all (RFC 6761, 6.3).
 */
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Gate } from './gate.ts';

/** As `dns.lookup`, with `all`. */
export type LookupAll = (
  name: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Of Node's four threads. */
const LOOKUPS_MAX = 2;
/** More names at a time than targets have; redirects may lead to any. */
const NAMES_MAX = 512;
const LOCALHOST: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** @param atOnce so many names are asked for at a time. */
export function createLookup(lookup: LookupAll, atOnce = LOOKUPS_MAX): LookupFunction {
  const gate = new Gate(atOnce);
  const never = new AbortController().signal;
  const asked = new Map<string, Promise<readonly LookupAddress[]>>();
  const resolve = async (name: string): Promise<readonly LookupAddress[]> => {
    if (name === 'localhost') return LOCALHOST;
    const leave = await gate.enter(never);
    try {
      return await new Promise((found, failed) => {
        lookup(name, { all: true }, (error, addresses) =>
          error === null ? found(addresses) : failed(error),
        );
      });
    } finally {
      leave();
      asked.delete(name);
    }
  };
  return (name, options, callback) => {
    if (asked.size >= NAMES_MAX && !asked.has(name))
      return void process.nextTick(callback, tooMany(name), []);
    const addresses = asked.get(name) ?? resolve(name);
    asked.set(name, addresses);
    addresses.then(
      (all) => answer(all, options, callback),
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

function tooMany(name: string): NodeJS.ErrnoException {
  const error = new Error(`${name} was not looked up: too many other names are waiting`);
  return Object.assign(error, { code: 'EAGAIN' });
}

function answer(
  all: readonly LookupAddress[],
  options: LookupOptions,
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = all;
  if (options.all === true) callback(null, [...all]);
  else callback(null, first?.address ?? '', first?.family ?? 0);
}

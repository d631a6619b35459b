/** When hosts that are asked to come again do so: all at one moment would each wait for the handshakes of all others. */

const LEAST_MS = 500;
const MOST_MS = 15_000;
/** A connection by TLS costs the gateway some 2 ms, and it has other things to do. */
const MS_PER_HOST = 10;

/**
 * @param hosts that are asked, at most.
 * @param random from 0 up to 1.
 * @returns in whole ms, as the wire has it.
 */
export function comeAgainMs(hosts: number, random: () => number): number {
  return LEAST_MS + Math.floor(random() * Math.min(MOST_MS - LEAST_MS, hosts * MS_PER_HOST));
}

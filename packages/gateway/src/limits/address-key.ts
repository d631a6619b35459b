/**
 * Who counts as one address: an IPv4 address, however it is written, and a /64 of IPv6, since one machine has all of it
 * (RFC 4291, 2.5.1).
 */
import { isIPv6 } from 'node:net';

const NETWORK_GROUPS = 4;
const GROUPS = 8;

/**
 * For people: an IPv4 address as it is, also where it came to a socket of IPv6, which writes `::ffff:` before it.
 * @param address as the system writes it, with or without a port behind it
 */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+(?::\d+)?$)/i, '');
}

/** @param address as the system writes it; anything else stands for itself. */
export function addressKey(address: string): string {
  const unmapped = plainAddress(address);
  if (!isIPv6(unmapped)) return unmapped;
  const [plain = ''] = unmapped.toLowerCase().split('%', 1);
  const [head = '', tail] = plain.split('::', 2);
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = tail === undefined ? 0 : GROUPS - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** An IPv4 address at the end takes the place of two. */
function groupsOf(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
}

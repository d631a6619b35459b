/**
 * Parses the table of `netstat -ibn`, as macOS and the BSDs write it (netstat(1)): a line for each interface and another for
 * each of its addresses, of which only the interface's own counts all of its traffic.
 *
 *     Name  Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
 *     lo0   16384 <Link#1>                      17303361     0 4066813893 17303361     0 4066813893     0
 *     en0   1500  <Link#4>    a4:83:e7:00:00:01 43160317     0 4181229714 17921301     0 2317416243     0
 *     en0   1500  192.168.1     192.168.1.30    43160317     - 4181229714 17921301     - 2317416243     -
 *
 * Columns differ between systems, so they are found by the heading; counted from the right, since an interface without a
 * hardware address leaves its column empty.
 */
import { badLine, eachLine, FormatError, numberIn, words } from '../source.ts';

/** Heading → node_exporter's name of the statistic. */
const STATISTICS: ReadonlyMap<string, string> = new Map([
  ['Ibytes', 'receive_bytes'],
  ['Ipkts', 'receive_packets'],
  ['Ierrs', 'receive_errs'],
  // FreeBSD only.
  ['Idrop', 'receive_drop'],
  ['Obytes', 'transmit_bytes'],
  ['Opkts', 'transmit_packets'],
  ['Oerrs', 'transmit_errs'],
  ['Coll', 'transmit_colls'],
]);

/** Device → statistic, as in `receive_bytes` → count. */
export type NetworkCounters = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** @throws FormatError */
export function parseNetstat(text: string): NetworkCounters {
  const devices = new Map<string, Map<string, number>>();
  let heading: string[] = [];
  eachLine(text, (line) => {
    const fields = words(line);
    if (fields.length === 0) return;
    if (fields[0] === 'Name') heading = fields;
    // The interface's own line. The number in <Link#4> is its index.
    if (fields[2]?.startsWith('<Link') !== true) return;
    // One that is down has an asterisk.
    const device = (fields[0] ?? '').replace(/\*$/, '');
    // Old systems cut names after five letters: of those that look the same then, only the first can be told.
    if (!devices.has(device)) devices.set(device, countersOf(fields, heading, line));
  });
  if (devices.size === 0) throw new FormatError('netstat told no interface');
  return devices;
}

function countersOf(
  fields: readonly string[],
  heading: readonly string[],
  line: string,
): Map<string, number> {
  const shift = fields.length - heading.length;
  if (shift !== 0 && shift !== -1) throw badLine('the columns do not fit the heading', line);
  const counters = new Map<string, number>();
  for (const [i, title] of heading.entries()) {
    const statistic = STATISTICS.get(title);
    const field = fields[i + shift];
    if (statistic !== undefined && field !== '-') counters.set(statistic, numberIn(field, line));
  }
  return counters;
}

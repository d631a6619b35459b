/**
 * node_netstat_* from `/proc/net/netstat`, `snmp` and `snmp6`: counters of the kernel's network protocols, those that
 * match the option.
 */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { patternOption } from './collector-options.ts';
import { badLine, eachLine, numberIn, parseFile, parseOptional, words } from './source.ts';

export const NETSTAT_OPTIONS = {
  fields: patternOption({
    help: 'Which fields (Protocol_Name) of /proc/net/netstat, snmp and snmp6 to tell.',
    default:
      '^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|' +
      'TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|' +
      'Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|' +
      'Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$',
  }),
};

export interface NetstatField {
  /** `TcpExt` */
  readonly protocol: string;
  /** `ListenDrops` */
  readonly name: string;
  readonly value: number;
}

/** Whether a field is to be told, by its protocol and name. */
type Wanted = (protocol: string, name: string) => boolean;

/** What a line of names says: which fields of its line of numbers are to be told. */
interface Plan {
  readonly protocol: string;
  readonly count: number;
  readonly fields: readonly { readonly at: number; readonly name: string }[];
}

/** Line of names → plan. The kernel's lines never change, and matching them is the greater part of the work. */
export type Plans = Map<string, Plan>;

/** Kernels have five to ten such lines; a file that is garbage must not fill the memory. */
const PLANS_MAX = 50;

function planOf(line: string, wanted: Wanted, plans: Plans): Plan {
  const known = plans.get(line);
  if (known !== undefined) return known;
  const names = words(line);
  const protocol = (names[0] ?? '').slice(0, -1);
  const fields = names
    .map((name, at) => ({ at, name }))
    .filter(({ at, name }) => at > 0 && wanted(protocol, name));
  const plan = { protocol, count: names.length, fields };
  if (plans.size < PLANS_MAX) plans.set(line, plan);
  return plan;
}

/** Of `netstat` and `snmp`: a line of names, then a line of as many numbers, both beginning with the protocol. */
export function parseNetstat(text: string, wanted: Wanted, plans: Plans = new Map()): NetstatField[] {
  const found: NetstatField[] = [];
  let plan: Plan | null = null;
  eachLine(text, (line) => {
    if (plan === null) {
      plan = planOf(line, wanted, plans);
      return;
    }
    const { protocol, count, fields } = plan;
    plan = null;
    const row = words(line);
    if (row.length !== count || row[0] !== `${protocol}:`) {
      throw badLine(`expected a number for each name of ${protocol}`, line);
    }
    for (const { at, name } of fields) found.push({ protocol, name, value: numberIn(row[at], line) });
  });
  return found;
}

/** Of `snmp6`: a name and a number a line, the protocol being all up to the name's first 6. */
export function parseSnmp6(text: string, wanted: Wanted): NetstatField[] {
  const fields: NetstatField[] = [];
  eachLine(text, (line) => {
    const [key = '', value] = words(line);
    const end = key.indexOf('6') + 1;
    const protocol = key.slice(0, end);
    const name = key.slice(end);
    if (end > 0 && wanted(protocol, name)) fields.push({ protocol, name, value: numberIn(value, line) });
  });
  return fields;
}

export function createNetstatCollector(
  roots: Roots,
  pattern: RegExp | null = NETSTAT_OPTIONS.fields.defaultValue,
): Collector {
  const netstat = join(roots.proc, 'net/netstat');
  const snmp = join(roots.proc, 'net/snmp');
  const snmp6 = join(roots.proc, 'net/snmp6');
  const wanted: Wanted = (protocol, name) => pattern?.test(`${protocol}_${name}`) !== false;
  const plans: Plans = new Map();
  return {
    name: 'netstat',
    collect(out) {
      const fields = [
        ...parseFile(netstat, (text) => parseNetstat(text, wanted, plans)),
        ...parseFile(snmp, (text) => parseNetstat(text, wanted, plans)),
        // Absent where IPv6 is switched off.
        ...(parseOptional(snmp6, (text) => parseSnmp6(text, wanted)) ?? []),
      ];
      for (const { protocol, name, value } of fields) {
        out.family(`node_netstat_${protocol}_${name}`, 'untyped', `Statistic ${protocol}${name}.`);
        out.add(value);
      }
    },
  };
}

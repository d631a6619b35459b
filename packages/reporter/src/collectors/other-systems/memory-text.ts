/** Parses what vm_stat(1) of macOS and sysctl(8) of FreeBSD say of memory, to the names that node_exporter has there. */
import type { MetricType } from '@tributary/shared/shape';
import { badLine, eachLine, FormatError } from '../source.ts';

export interface MemoryValue {
  /** Behind `node_memory_`. */
  readonly key: string;
  readonly type: MetricType;
  readonly value: number;
}

interface Field {
  readonly key: string;
  readonly type?: MetricType;
  /** False for what is told in bytes already. */
  readonly pages?: boolean;
}

/** By the words before the colon. What macOS has besides (faults, purges) node_exporter does not tell. */
const VM_STAT: ReadonlyMap<string, Field> = new Map([
  ['Pages active', { key: 'active_bytes' }],
  ['Pages inactive', { key: 'inactive_bytes' }],
  ['Pages wired down', { key: 'wired_bytes' }],
  ['Pages occupied by compressor', { key: 'compressed_bytes' }],
  ['Pages purgeable', { key: 'purgeable_bytes' }],
  ['Anonymous pages', { key: 'internal_bytes' }],
  // What was read from files counts as well, but so it is called there.
  ['Pageins', { key: 'swapped_in_bytes_total', type: 'counter' }],
  ['Pageouts', { key: 'swapped_out_bytes_total', type: 'counter' }],
]);

const FREEBSD: ReadonlyMap<string, Field> = new Map([
  ['vm.stats.vm.v_active_count', { key: 'active_bytes' }],
  ['vm.stats.vm.v_inactive_count', { key: 'inactive_bytes' }],
  ['vm.stats.vm.v_wire_count', { key: 'wired_bytes' }],
  ['vm.stats.vm.v_user_wire_count', { key: 'user_wired_bytes' }],
  ['vm.stats.vm.v_cache_count', { key: 'cache_bytes' }],
  ['vm.stats.vm.v_laundry_count', { key: 'laundry_bytes' }],
  ['vfs.bufspace', { key: 'buffer_bytes', pages: false }],
  ['vm.swap_total', { key: 'swap_size_bytes', pages: false }],
  ['vm.stats.vm.v_swappgsin', { key: 'swap_in_bytes_total', type: 'counter' }],
  ['vm.stats.vm.v_swappgsout', { key: 'swap_out_bytes_total', type: 'counter' }],
]);

const FREEBSD_PAGE_SIZE = 'vm.stats.vm.v_page_size';
/** What sysctl is asked; it leaves out what this version of the system does not have (`-i`). */
export const FREEBSD_NAMES: readonly string[] = [FREEBSD_PAGE_SIZE, ...FREEBSD.keys()];

/** @throws FormatError */
export function parseVmStat(text: string): MemoryValue[] {
  const pageBytes = /page size of (\d+) bytes/.exec(text)?.[1];
  if (pageBytes === undefined) throw new FormatError('vm_stat told no size of a page');
  return parseFields(text, VM_STAT, Number(pageBytes));
}

/** @throws FormatError */
export function parseFreebsdSysctl(text: string): MemoryValue[] {
  const pageBytes = new RegExp(`^${FREEBSD_PAGE_SIZE}: (\\d+)$`, 'm').exec(text)?.[1];
  if (pageBytes === undefined) throw new FormatError('sysctl told no size of a page');
  return parseFields(text, FREEBSD, Number(pageBytes));
}

/** Lines of a name, a colon and a number, which has a full stop behind it in vm_stat. */
function parseFields(text: string, fields: ReadonlyMap<string, Field>, pageBytes: number): MemoryValue[] {
  const values: MemoryValue[] = [];
  eachLine(text, (line) => {
    const colon = line.indexOf(':');
    const field = fields.get(line.slice(0, Math.max(0, colon)));
    if (field === undefined) return;
    const match = /^\s*(\d+)\.?\s*$/.exec(line.slice(colon + 1));
    if (match === null) throw badLine('expected a number', line);
    const { key, type = 'gauge', pages = true } = field;
    values.push({ key, type, value: Number(match[1]) * (pages ? pageBytes : 1) });
  });
  return values;
}

const SWAP = /\b(total|used) = (\d+)[.,](\d+)M/g;
const MEBIBYTE = 1024 * 1024;

/** `total = 2048.00M  used = 1012.50M  free = 1035.50M  (encrypted)`: vm.swapusage of macOS. @throws FormatError */
export function parseSwapUsage(text: string): MemoryValue[] {
  const values = [...text.matchAll(SWAP)].map(([, word = '', whole = '', part = '']): MemoryValue => {
    return { key: `swap_${word}_bytes`, type: 'gauge', value: Number(`${whole}.${part}`) * MEBIBYTE };
  });
  if (values.length !== 2) throw badLine('expected total and used', text);
  return values;
}

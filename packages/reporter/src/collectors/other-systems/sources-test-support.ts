/**
 * Other systems as tests know them. The programs' outputs follow their manuals and what users have published of them, the
 * package's answers its sources and types; none was taken on a machine of such a kind by those who wrote the tests.
 */
import { readFileSync } from 'node:fs';
import type { Answer, AskChild } from '../system-child/ask-child.ts';
import type { Question } from '../system-child/questions.ts';
import type { RunProgram } from './run-program.ts';
import { SystemSources } from './sources.ts';

export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/other-systems/${name}`, import.meta.url), 'utf8');
}

export const SWAP_USAGE = 'total = 2048.00M  used = 1012.50M  free = 1035.50M  (encrypted)\n';

/** By what stands before the first flag. */
const OUTPUTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  darwin: {
    ioreg: 'ioreg-macos.txt',
    netstat: 'netstat-macos.txt',
    vm_stat: 'vm-stat-macos.txt',
    sysctl: '',
  },
  freebsd: { netstat: 'netstat-freebsd.txt', sysctl: 'sysctl-freebsd.txt' },
  openbsd: { netstat: 'netstat-openbsd.txt' },
  netbsd: { netstat: 'netstat-openbsd.txt' },
};

const MOUNTS: Readonly<Record<string, readonly object[]>> = {
  darwin: [
    {
      fs: '/dev/disk3s1s1',
      type: 'APFS',
      size: 494384795648,
      used: 10485760000,
      available: 100663296000,
      mount: '/',
      rw: false,
    },
    {
      fs: '/dev/disk3s5',
      type: 'APFS',
      size: 494384795648,
      used: 1,
      available: 2,
      mount: '/System/Volumes/Data',
      rw: true,
    },
    { fs: 'devfs', type: 'NFS', size: 204800, used: 204800, available: 0, mount: '/dev', rw: false },
    {
      fs: 'map auto_home',
      type: 'autofs',
      size: 0,
      used: 0,
      available: 0,
      mount: '/System/Volumes/Data/home',
      rw: false,
    },
  ],
  freebsd: [
    { fs: 'zroot/ROOT/default', type: 'zfs', size: 20, used: 5, available: 15, mount: '/', rw: true },
    { fs: 'devfs', type: 'devfs', size: 1024, used: 1024, available: 0, mount: '/dev', rw: true },
    {
      fs: '/dev/gpt/efiboot0',
      type: 'msdosfs',
      size: 10,
      used: 1,
      available: 9,
      mount: '/boot/efi',
      rw: true,
    },
  ],
  win32: [
    { fs: 'C:', type: 'NTFS', size: 255, used: 155, available: 100, mount: 'C:', rw: true },
    { fs: 'Z:', type: 'NTFS', size: 900, used: 1, available: 899, mount: 'Z:', rw: false },
  ],
};

const NETWORK = [
  {
    iface: 'Ethernet',
    operstate: 'up',
    rx_bytes: 123456789,
    rx_dropped: 1,
    rx_errors: 2,
    tx_bytes: 987654,
    tx_dropped: 0,
    tx_errors: 0,
    rx_sec: null,
    tx_sec: null,
    ms: 0,
  },
  {
    iface: 'Wi-Fi',
    operstate: 'down',
    rx_bytes: 0,
    rx_dropped: 0,
    rx_errors: 0,
    tx_bytes: 0,
    tx_dropped: 0,
    tx_errors: 0,
    rx_sec: null,
    tx_sec: null,
    ms: 0,
  },
];

export function runRecorded(platform: string): RunProgram {
  return (program) => {
    const file = OUTPUTS[platform]?.[program];
    if (file === undefined) return Promise.reject(new Error(`spawn ${program} ENOENT`));
    return Promise.resolve(file === '' ? SWAP_USAGE : fixture(file));
  };
}

export function askRecorded(platform: string): AskChild {
  const known: Partial<Record<Question, unknown>> = {
    mounts: MOUNTS[platform],
    network: NETWORK,
    memory: { total: 17e9, free: 3e9, swaptotal: 2415919104, swapused: 134217728, swapfree: 2281701376 },
  };
  return (questions) => {
    const answers = questions.map((question): [Question, Answer] => [
      question,
      { value: known[question] ?? null },
    ]);
    return Promise.resolve(new Map(answers));
  };
}

/** What such a host answers, at no time at all. */
export function recordedSources(platform: string): SystemSources {
  return new SystemSources({
    platform,
    run: runRecorded(platform),
    ask: askRecorded(platform),
    monotonic: () => 0,
    now: () => 0,
  });
}

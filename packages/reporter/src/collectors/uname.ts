/**
 * node_uname_info from `/proc/sys/kernel`, which holds what the uname system call answers.
 *
 * Read there and not with Node's os module, so that a reporter in a container that is given the host's `/proc` at
 * another root still tells the host's kernel. (The names of host and domain are those of the reading process's UTS
 * namespace all the same.)
 */
import os from 'node:os';
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { readOptional } from './source.ts';

export interface Uname {
  readonly sysname: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly nodename: string;
  readonly domainname: string;
}

const LABELS = ['sysname', 'release', 'version', 'machine', 'nodename', 'domainname'] as const;

export function writeUname(out: ColumnWriter, uname: Uname): void {
  const help = 'Labeled system information as provided by the uname system call.';
  out.family('node_uname_info', 'gauge', help, LABELS);
  out.add(1, uname.sysname, uname.release, uname.version, uname.machine, uname.nodename, uname.domainname);
}

export function createUnameCollector(roots: Roots): Collector {
  const read = (name: string) => readOptional(join(roots.proc, 'sys/kernel', name));
  /** The running kernel stays the same; only host and domain can be renamed. */
  let kernel: Omit<Uname, 'nodename' | 'domainname'> | null = null;
  return {
    name: 'uname',
    collect(out) {
      kernel ??= {
        sysname: read('ostype') ?? os.type(),
        release: read('osrelease') ?? os.release(),
        version: read('version') ?? os.version(),
        // Linux 6.1 and later.
        machine: read('arch') ?? os.machine(),
      };
      const nodename = read('hostname') ?? os.hostname();
      writeUname(out, { ...kernel, nodename, domainname: read('domainname') ?? '(none)' });
    },
  };
}

/** node_uname_info from Node's os module, which asks uname, or what comes nearest to it on Windows. */
import os from 'node:os';
import type { Collector } from '../collector.ts';
import { type Uname, writeUname } from '../uname.ts';

/** These systems have no name of a domain: as in node_exporter, it is what stands behind the first dot of the host's. */
export function splitHostName(hostname: string): Pick<Uname, 'nodename' | 'domainname'> {
  const dot = hostname.indexOf('.');
  if (dot < 0) return { nodename: hostname, domainname: '(none)' };
  return { nodename: hostname.slice(0, dot), domainname: hostname.slice(dot + 1) };
}

export function createSystemUnameCollector(): Collector {
  const kernel = {
    sysname: os.type(),
    release: os.release(),
    version: os.version(),
    machine: os.machine(),
  };
  return {
    name: 'uname',
    collect(out) {
      writeUname(out, { ...kernel, ...splitHostName(os.hostname()) });
    },
  };
}

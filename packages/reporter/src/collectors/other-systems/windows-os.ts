/** node_os_info on Windows, which has no os-release file: from Node's os module. */
import os from 'node:os';
import type { Collector } from '../collector.ts';
import { type OsRelease, writeOs } from '../os-release.ts';

/**
 * @param name as `os.version()` has it: `Windows 11 Pro`.
 * @param release as `os.release()` has it: `10.0.22631`.
 */
export function windowsRelease(name: string, release: string): OsRelease {
  const [major = '', minor = '', build = ''] = release.split('.');
  return new Map([
    ['ID', 'windows'],
    ['NAME', 'Windows'],
    ['PRETTY_NAME', name],
    ['VERSION', release],
    ['VERSION_ID', `${major}.${minor}`],
    ['BUILD_ID', build],
  ]);
}

export function createWindowsOsCollector(): Collector {
  const release = windowsRelease(os.version(), os.release());
  return {
    name: 'os',
    collect(out) {
      writeOs(out, release);
    },
  };
}

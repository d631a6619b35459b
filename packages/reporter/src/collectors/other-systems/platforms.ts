/** The systems other than Linux, as `process.platform` names them, by what can be asked of them. */

export const isLinux = (platform: string): boolean => platform === 'linux';
export const isOther = (platform: string): boolean => platform !== 'linux';
export const isAny = (): boolean => true;
export const isMac = (platform: string): boolean => platform === 'darwin';
export const isWindows = (platform: string): boolean => platform === 'win32';

/** The systems with netstat(1) and mount(8) of 4.4BSD. */
export const isBsd = (platform: string): boolean =>
  platform === 'freebsd' || platform === 'openbsd' || platform === 'netbsd';

/** Windows has none; Node.js says zero there, which would be a lie. */
export const hasLoad = (platform: string): boolean => isOther(platform) && !isWindows(platform);

/** Those whose names of memory are known. */
export const hasMemoryNames = (platform: string): boolean =>
  platform === 'darwin' || isBsd(platform) || isWindows(platform);

/** Those whose network counters can be asked for. */
export const hasNetworkCounters = hasMemoryNames;

/**
 * Not NetBSD: its statvfs counts in units that Node.js does not tell (f_frsize), and f_bsize is eight times as large on a usual
 * disk there.
 */
export const hasMountSizes = (platform: string): boolean =>
  platform === 'darwin' || platform === 'freebsd' || platform === 'openbsd' || isWindows(platform);

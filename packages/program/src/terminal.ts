/** Whether the terminal from which the program was started, if it was, is still there. */
import { closeSync, openSync } from 'node:fs';

/**
 * SIGHUP says one of two things: read your files again, or your terminal was closed. It is the latter only for who had a
 * terminal when it started, reads or writes there, and finds it gone; a service has none, and `nohup` leaves none.
 * @returns whether a SIGHUP that comes now is for the terminal
 */
export function watchTerminal(): () => boolean {
  if (process.platform === 'win32') return () => true;
  const { stdin, stdout, stderr } = process;
  const isOnTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY) && hasTerminal();
  return () => isOnTerminal && !hasTerminal();
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

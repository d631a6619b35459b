/** `--web.listen-address`: HOST:PORT as Prometheus writes it; without HOST, every address of the machine. */
import { type HostPort, isLoopbackAddress, parseHostPort } from '@tributary/shared/loopback';

export type ListenAddress = HostPort;

/** @throws OptionError */
export function parseListenAddress(text: string): ListenAddress {
  return parseHostPort(text, 9750);
}

/** True when only this machine itself can reach it. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

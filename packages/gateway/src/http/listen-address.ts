/** `--web.listen-address`: HOST:PORT as Prometheus writes it. */
import { type HostPort, parseLoopback } from '@tributary/shared/loopback';

export type ListenAddress = HostPort;

/**
 * @throws OptionError also for addresses beyond loopback: without credentials nobody else may be let in, and this
 *   version knows none.
 */
export function parseListenAddress(text: string): ListenAddress {
  return parseLoopback(
    text,
    9750,
    (port) =>
      `this version knows no credentials, so it listens on loopback only: use 127.0.0.1:${port}, and a tunnel for other machines`,
  );
}

/** `--web.listen-address`: HOST:PORT as Prometheus writes it. */
import { OptionError } from '@tributary/shared/options';
import { isLoopbackAddress } from './access.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * @throws OptionError also for addresses beyond loopback: without credentials nobody else may be let in, and this
 *   version knows none.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (match === null || !(port <= 65_535)) {
    throw new OptionError(`${JSON.stringify(text)} is not HOST:PORT, such as 127.0.0.1:9750 or [::1]:9750`);
  }
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1');
  if (host !== 'localhost' && !isLoopbackAddress(host)) {
    throw new OptionError(
      `${JSON.stringify(text)} is not loopback; this version knows no credentials, so it listens on loopback only: use 127.0.0.1:${port}, and a tunnel for other machines`,
    );
  }
  return { host, port };
}

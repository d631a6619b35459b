/**
 * What counts as this machine itself. Where there are no credentials, only it may ask, and it has to be told from a web
 * page in a browser on it: such a page reaches loopback by any name that somebody's DNS resolves to it.
 */
import { OptionError } from './options.ts';

export interface HostPort {
  /** Without the brackets of IPv6. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** A number that may stand in an address; others would be looked up as a name. */
const PART = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const LOOPBACK = new RegExp(`^(?:::ffff:)?127\\.${PART}\\.${PART}\\.${PART}$`);

/** True for 127.0.0.0/8 and ::1, also when mapped into IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || LOOPBACK.test(address);
}

/** @param authority `host` or `host:port`, as in a Host header. */
export function isLoopbackName(authority: string): boolean {
  const host = authority.replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || isLoopbackAddress(host.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * Reads HOST:PORT as Prometheus writes it; HOST may be missing.
 * @param example of a port, for the message.
 * @throws OptionError
 */
export function parseHostPort(text: string, example: number): HostPort {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text);
  const given = Number(match?.[2] ?? Number.NaN);
  if (match === null || !(given <= 65_535)) {
    throw new OptionError(
      `${JSON.stringify(text)} is not HOST:PORT, such as 127.0.0.1:${example} or [::1]:${example}`,
    );
  }
  return { host: (match[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port: given };
}

/**
 * As `parseHostPort`, for what nobody else may reach.
 * @param why there is nothing but loopback, and what to do.
 * @throws OptionError also for addresses beyond loopback.
 */
export function parseLoopback(text: string, example: number, why: (port: number) => string): HostPort {
  const address = parseHostPort(text, example);
  if (address.host !== 'localhost' && !isLoopbackAddress(address.host)) {
    throw new OptionError(`${JSON.stringify(text)} is not loopback; ${why(address.port)}`);
  }
  return address;
}

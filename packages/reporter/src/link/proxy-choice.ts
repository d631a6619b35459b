/**
 * Which proxy leads to the gateway: the one that an option names, or that of the environment, by the rules of Go's
 * golang.org/x/net/http/httpproxy, which Prometheus and its exporters have, and `ALL_PROXY` besides.
 */
import { BlockList, isIP } from 'node:net';
import { isLoopbackAddress } from '@tributary/shared/loopback';
import { OptionError } from '@tributary/shared/options';

export interface HttpProxy {
  readonly isTls: boolean;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; null for none. Never to be shown. */
  readonly authorization: string | null;
  /** For people: without its credentials. */
  readonly shown: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** In place of a URL, for none whatever the environment says. */
export const DIRECT = 'direct';

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Reads a proxy's URL; `http://` may be left out.
 * @throws OptionError that shows nothing of the text: it may hold a password.
 */
export function parseProxyUrl(text: string): HttpProxy {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.hostname === '')
    throw new OptionError('this is no URL of a proxy; write it as http://HOST:PORT');
  const port = PORTS[url.protocol];
  if (port === undefined)
    throw new OptionError(`a proxy of the kind ${url.protocol}// is not supported; use http:// or https://`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new OptionError('the URL of a proxy has neither a path nor a query');
  const isTls = url.protocol === 'https:';
  return {
    isTls,
    host: unbracketed(url.hostname),
    port: url.port === '' ? port : Number(url.port),
    authorization: authorizationOf(url),
    shown: `${url.protocol}//${url.host}`,
  };
}

function authorizationOf({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw new OptionError('the name or password of the proxy has a % that begins no escape; write it as %25');
  }
}

/**
 * @param option '' for the environment's, `direct` for none, or a URL: it is used whatever NO_PROXY says.
 * @returns null for none.
 * @throws OptionError that names the variable at fault.
 */
export function chooseProxy(gateway: URL, option: string, env: Environment): HttpProxy | null {
  if (option === DIRECT) return null;
  if (option !== '') return parseProxyUrl(option);
  const names = [gateway.protocol === 'wss:' ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY'];
  const variable = names
    .flatMap((name) => [name, name.toLowerCase()])
    .find((name) => textOf(env, name) !== '');
  if (variable === undefined) return null;
  const port = gateway.port === '' ? (gateway.protocol === 'wss:' ? '443' : '80') : gateway.port;
  const noProxy = textOf(env, 'NO_PROXY') || textOf(env, 'no_proxy');
  if (isDirect(unbracketed(gateway.hostname), port, noProxy)) return null;
  try {
    return parseProxyUrl(textOf(env, variable));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(
      `${variable}: ${error.message} (or leave the gateway out by NO_PROXY or --gateway.proxy-url ${DIRECT})`,
    );
  }
}

/**
 * True for what no proxy is asked for: this machine itself, and what the list names. It holds, separated by commas, `*`, IP
 * addresses, networks (`10.0.0.0/8`), and domains: `example.org` with all below it, `.example.org` or `*.example.org` only
 * what is below. Addresses and domains may have a port. Names are not looked up.
 */
export function isDirect(host: string, port: string, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || isLoopbackAddress(name)) return true;
  return noProxy.split(',').some((entry) => matches(entry.trim().toLowerCase(), name, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isWithin(entry, host);
  const [, name = '', wanted = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  const bare = isIP(entry) === 6 ? entry : unbracketed(name);
  if (bare === '' || (wanted !== '' && wanted !== port)) return false;
  if (isIP(bare) !== 0) return isWithin(`${bare}/${isIP(bare) === 6 ? 128 : 32}`, host);
  const domain = bare.startsWith('*.') ? bare.slice(1) : bare;
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isWithin(network: string, host: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const families = [isIP(address), isIP(host)].map((version) => (version === 6 ? 'ipv6' : 'ipv4'));
  if (isIP(address) === 0 || isIP(host) === 0 || families[0] !== families[1]) return false;
  const bitsMax = isIP(address) === 6 ? 128 : 32;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), families[0] === 'ipv6' ? 'ipv6' : 'ipv4');
  return list.check(host, families[1] === 'ipv6' ? 'ipv6' : 'ipv4');
}

function textOf(env: Environment, name: string): string {
  return env[name]?.trim() ?? '';
}

function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** What the options say of the way to the gateway, made into the parts of the link. */
import { systemClock } from '@tributary/shared/clock';
import { isLoopbackName } from '@tributary/shared/loopback';
import type { ReporterOptions } from './config.ts';
import { dial, type Route } from './link/dial.ts';
import { gatewayTls } from './link/gateway-options.ts';
import { HostCredentials } from './link/host-credentials.ts';
import type { TokenUse } from './link/host-token.ts';
import { chooseProxy } from './link/proxy-choice.ts';
import { Stream } from './link/stream.ts';
import type { LinkLog } from './link-log.ts';
import type { Way } from './link-remedies.ts';
import type { Log } from './log.ts';

export interface GatewayLinkParts {
  readonly options: ReporterOptions;
  readonly route: Route;
  readonly log: Log;
  readonly observer: LinkLog;
}

export interface GatewayLink {
  readonly credentials: HostCredentials;
  readonly stream: Stream;
}

/** The spool's folder has to be there, and to be this process's alone. */
export function createGatewayLink(parts: GatewayLinkParts): GatewayLink {
  const { options, route, log, observer } = parts;
  const credentials = createCredentials(options, useOf(options, route), log);
  warnOfTheWay(options, route, credentials, log);
  if (route.proxy !== null) log.info({ proxy: route.proxy.shown }, 'the gateway is reached through a proxy');
  const stream = new Stream({
    url: options['gateway.url'],
    shownUrl: shownUrl(options),
    token: () => credentials.take(),
    dial: route.url.protocol === 'ws:' && route.proxy === null ? null : () => dial(route),
    onConnectFailed: observer.connectFailed,
  });
  return { credentials, stream };
}

/** How this host shows who it is, for what is said when the gateway does not take it. */
export function wayOf(options: ReporterOptions): Way {
  return {
    host: options.host,
    tokenFile: options['gateway.token-file'],
    certFile: options['gateway.tls.cert-file'],
    isTls: options['gateway.url'].startsWith('wss:'),
  };
}

/** A query may hold a secret. */
export function shownUrl(options: ReporterOptions): string {
  const { origin, protocol, host, pathname } = new URL(options['gateway.url']);
  return `${origin === 'null' ? `${protocol}//${host}` : origin}${pathname}`;
}

/** @throws OptionError for a proxy of the environment that cannot be used. */
export function routeOf(options: ReporterOptions, env: NodeJS.ProcessEnv): Route {
  const url = new URL(options['gateway.url']);
  return { url, tls: gatewayTls(options), proxy: chooseProxy(url, options['gateway.proxy-url'], env) };
}

function useOf({ host }: ReporterOptions, { url, proxy }: Route): TokenUse {
  return { host, gateway: url.host, isPlain: isPlainText(url, proxy) };
}

/** A proxy may be anywhere, whatever the name of what it leads to. */
function isPlainText({ protocol, host }: URL, proxy: Route['proxy']): boolean {
  return protocol === 'ws:' && (proxy !== null || !isLoopbackName(host));
}

function createCredentials(options: ReporterOptions, use: TokenUse, log: Log): HostCredentials {
  const told = new Set<string>();
  const warnOnce = (message: string, what: string) => {
    if (told.has(message)) return;
    // They name files, and are as many as there are faults of two files.
    told.add(message);
    log.warn({ error: message }, what);
  };
  return new HostCredentials({
    folder: options['spool.path'],
    tokenFile: options['gateway.token-file'],
    use,
    certificateFiles: [options['gateway.tls.cert-file'], options['gateway.tls.key-file']],
    now: () => systemClock.now(),
    observer: {
      kept: (path, isFirst) =>
        log.info({ path }, isFirst ? 'the gateway gave this host a token' : "the host's token was renewed"),
      notKept: (message) => warnOnce(message, 'a new token cannot be kept; the one before goes on'),
      setAside: (message, movedTo) =>
        log.error(
          { error: message, movedTo },
          "the host's kept token cannot be read; that of the token file is used",
        ),
      fileIgnored: (message) =>
        warnOnce(message, 'the token file is not used; the token that the gateway gave this host is'),
      notShown: (keptFor) =>
        log.warn(
          { gateway: shownUrl(options), keptFor },
          'the token that the gateway gave this host is not shown to another gateway, nor in plain text unless it came so; that of the token file is. Where it is the same gateway under another name, put a host token into the token file',
        ),
      openToOthers: (path) =>
        log.warn(
          { path },
          'every user of this machine can read the token; make the file readable by one (chmod 600)',
        ),
    },
  });
}

function warnOfTheWay(
  options: ReporterOptions,
  { url, proxy }: Route,
  credentials: HostCredentials,
  log: Log,
): void {
  const gateway = shownUrl(options);
  if (options['gateway.tls.insecure-skip-verify'])
    log.warn(
      { gateway },
      'INSECURE: the certificate of the gateway is not looked at, and anybody in between gets the token and the samples; use --gateway.tls.ca-file or --gateway.tls.pin',
    );
  if (!isPlainText(url, proxy) || !credentials.hasAny) return;
  log.warn(
    { gateway },
    'the token goes over the network in plain text, where anybody on the way can read it; use wss://',
  );
}

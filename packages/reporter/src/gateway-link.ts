/** What the options say of the way to the gateway, made into the parts of the link. */
import { systemClock } from '@tributary/shared/clock';
import { isLoopbackName } from '@tributary/shared/loopback';
import type { ReporterOptions } from './config.ts';
import { HostCredentials } from './link/host-credentials.ts';
import { Stream } from './link/stream.ts';
import type { LinkLog } from './link-log.ts';
import type { Log } from './log.ts';

export interface GatewayLink {
  readonly credentials: HostCredentials;
  readonly stream: Stream;
}

/** The spool's folder has to be there, and to be this process's alone. */
export function createGatewayLink(options: ReporterOptions, log: Log, observer: LinkLog): GatewayLink {
  const credentials = createCredentials(options, log);
  warnOfPlainText(options, credentials, log);
  const stream = new Stream({
    url: options['gateway.url'],
    token: () => credentials.take(),
    onConnectFailed: observer.connectFailed,
  });
  return { credentials, stream };
}

function createCredentials(options: ReporterOptions, log: Log): HostCredentials {
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
    host: options.host,
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
      openToOthers: (path) =>
        log.warn(
          { path },
          'every user of this machine can read the token; make the file readable by one (chmod 600)',
        ),
    },
  });
}

function warnOfPlainText(options: ReporterOptions, credentials: HostCredentials, log: Log): void {
  const url = new URL(options['gateway.url']);
  if (url.protocol !== 'ws:' || isLoopbackName(url.host) || !credentials.hasAny) return;
  log.warn(
    { gateway: url.origin },
    'the token goes over the network in plain text, where anybody on the way can read it; use wss://',
  );
}

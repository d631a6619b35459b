/** Wires trust: the credentials, who may ask, and what becomes of connections when credentials change. */
import type { IncomingMessage } from 'node:http';
import { systemClock } from '@tributary/shared/clock';
import type { GatewayOptions } from './config.ts';
import { visitorOf } from './http/access.ts';
import type { Identity } from './link/identity.ts';
import type { Log } from './telemetry/log.ts';
import type { CredentialStore } from './trust/credentials/credential-store.ts';
import { type FailureGuard, Gatekeeper, type GatekeeperOptions, type Passwords } from './trust/gatekeeper.ts';
import type { Principal } from './trust/principal.ts';
import type { Refusal } from './trust/refusal.ts';
import { identityOf } from './trust/reporter-identity.ts';
import { WriteQueue } from './trust/write-queue.ts';

export interface TrustParts {
  readonly options: GatewayOptions;
  readonly log: Log;
  readonly store: CredentialStore;
  readonly users: GatekeeperOptions['users'];
  readonly passwords: Passwords;
  /** Whether client certificates are verified. */
  readonly takesCertificates: () => boolean;
  readonly certificateOf: (request: IncomingMessage) => readonly string[] | null;
  readonly guard: FailureGuard;
  /** Connections are to be looked at anew. */
  readonly onChange: () => void;
}

export interface Trust {
  readonly gatekeeper: Gatekeeper;
  /** Whom an upgrade may speak for. */
  admit(request: IncomingMessage): { identity: Identity; refusal: null } | { refusal: Refusal };
  /** Client certificates are verified otherwise now. */
  certificatesChanged(): void;
  /** The host has left for good, so its name is free again. */
  left(host: string): void;
  /** What is in the store is the caller's to close. */
  stop(): void;
}

/** How soon it shows that a `token` command has written: a revoked token's connection must end within a second. */
const POLL_MS = 250;
const SAVE_USES_MS = 60_000;

export function createTrust(parts: TrustParts): Trust {
  const { options, log, store } = parts;
  const now = () => systemClock.now();
  const writes = new WriteQueue(store);
  const gatekeeper = new Gatekeeper({
    store,
    users: parts.users,
    passwords: parts.passwords,
    adminUsers: new Set(
      options['web.admin-users']
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    ),
    takesCertificates: parts.takesCertificates,
    ownOrigin: originOf(options['web.external-url']),
    guard: parts.guard,
    now,
  });
  let certificates = 0;
  const identify = (principal: Principal): Identity => {
    const asOf = certificates;
    const isOpen = () => gatekeeper.isOpenTo('report');
    return identityOf(principal, {
      store,
      writes,
      now,
      isOpen,
      certificatesChanged: () => certificates !== asOf,
    });
  };
  const failed = (what: string) => (error: unknown) => log.error({ err: error }, what);
  store.listen(parts.onChange);
  const stopWatching = watch(store, failed('the credentials cannot be read'));
  return {
    gatekeeper,
    admit(request) {
      const { principal, refusal } = gatekeeper.askToReport(visitorOf(request, parts.certificateOf));
      return refusal === null ? { identity: identify(principal), refusal } : { refusal };
    },
    certificatesChanged() {
      certificates++;
      parts.onChange();
    },
    left(host) {
      writes
        .submit(() => store.release(host))
        .catch(failed('a host left, but its token could not be removed'));
    },
    stop: stopWatching,
  };
}

/** @returns a function that ends it */
function watch(store: CredentialStore, onFault: (error: unknown) => void): () => void {
  const guarded = (act: () => void) => () => {
    try {
      act();
    } catch (error) {
      onFault(error);
    }
  };
  const timers = [
    setInterval(
      guarded(() => void store.poll()),
      POLL_MS,
    ),
    setInterval(
      guarded(() => store.saveUses()),
      SAVE_USES_MS,
    ),
  ];
  for (const timer of timers) timer.unref();
  return () => timers.forEach(clearInterval);
}

function originOf(url: string): string {
  return url === '' ? '' : new URL(url).origin;
}

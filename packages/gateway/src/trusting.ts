/** Wires trust: the credentials, who may ask, and what becomes of connections when credentials change. */
import type { IncomingMessage } from 'node:http';
import type { Settings } from '@tributary/program/settings';
import { systemClock } from '@tributary/shared/clock';
import type { GatewayOptions } from './config.ts';
import { visitorOf } from './http/access.ts';
import type { Identity } from './link/identity.ts';
import type { Log } from './telemetry/log.ts';
import type { CredentialStore } from './trust/credentials/credential-store.ts';
import { type FailureGuard, Gatekeeper } from './trust/gatekeeper.ts';
import type { Principal } from './trust/principal.ts';
import type { Refusal } from './trust/refusal.ts';
import { identityOf } from './trust/reporter-identity.ts';
import { BasicAuth } from './trust/web-config/basic-auth.ts';
import { certificateNames } from './trust/web-config/certificate-names.ts';
import { clientPolicyOf } from './trust/web-config/tls-serving.ts';
import { isVerified } from './trust/web-config/tls-settings.ts';
import type { WebConfig } from './trust/web-config/web-config.ts';
import { WriteQueue } from './trust/write-queue.ts';
import type { TrustEvents } from './trust-events.ts';
import type { Web } from './web.ts';

export interface TrustParts {
  readonly settings: Settings<GatewayOptions>;
  readonly log: Log;
  readonly store: CredentialStore;
  readonly web: Pick<Web, 'config' | 'onChange'>;
  readonly guard: () => FailureGuard;
  readonly events: () => TrustEvents;
  /** Of the fleet, and of the connections that there are now; see `IdentityParts`. */
  readonly knownEpoch: (host: string) => string | null;
  readonly holderOf: (host: string) => unknown;
  readonly againMs: () => number;
  /** Connections are to be looked at anew. */
  readonly onChange: () => void;
}

export interface Trust {
  readonly gatekeeper: Gatekeeper;
  /** Whom an upgrade may speak for. @returns `isKnown` when it showed a credential */
  admit(
    request: IncomingMessage,
  ): { identity: Identity; isKnown: boolean; refusal: null } | { refusal: Refusal };
  /** The host has left for good, so its name is free again. */
  left(host: string): void;
  /** What is in the store is the caller's to close. */
  stop(): void;
}

/** How soon it shows that a `token` command has written: a revoked token's connection must end within a second. */
const POLL_MS = 250;
const SAVE_USES_MS = 15_000;

export function createTrust(parts: TrustParts): Trust {
  const { settings, log, store, web, onChange } = parts;
  const { options } = settings;
  const now = () => systemClock.now();
  const tell = teller(store, log);
  const writes = new WriteQueue(
    store,
    tell('changes to the credentials cannot be written, so no host can join', 'hosts can join again'),
  );
  const users = () => web.config().users;
  let adminUsers = namesOf(options['web.admin-users']);
  let ownOrigin = originOf(options['web.external-url']);
  const gatekeeper = new Gatekeeper({
    store,
    users,
    passwords: new BasicAuth({ users }),
    adminUsers: () => adminUsers,
    takesCertificates: () => isVerified(web.config().tls?.clientAuth ?? 'NoClientCert'),
    ownOrigin: () => ownOrigin,
    // It is made later than this.
    guard: {
      badToken: (address) => parts.guard().badToken(address),
      mayTryPassword: (address, user) => parts.guard().mayTryPassword(address, user),
      badPassword: (address, user) => parts.guard().badPassword(address, user),
    },
    now,
  });
  let certificates = authorityOf(web.config());
  tellUnknown(adminUsers, web.config(), log);
  web.onChange((config) => {
    tellUnknown(adminUsers, config, log);
    certificates = authorityOf(config);
    gatekeeper.lookAnew();
    onChange();
  });
  settings.onChange(() => {
    ownOrigin = originOf(options['web.external-url']);
    const before = [...adminUsers].join();
    adminUsers = namesOf(options['web.admin-users']);
    if ([...adminUsers].join() !== before) tellUnknown(adminUsers, web.config(), log);
  });
  const identify = (principal: Principal): Identity => {
    const asOf = certificates;
    const isOpen = () => gatekeeper.isOpen;
    return identityOf(principal, {
      store,
      writes,
      now,
      isOpen,
      certificatesChanged: () => certificates !== asOf,
      knownEpoch: parts.knownEpoch,
      holderOf: parts.holderOf,
      againMs: parts.againMs,
      onJoined: (credential) => parts.events().joined(credential),
    });
  };
  const failed = (what: string) => (error: unknown) => log.error({ err: error }, what);
  store.listen((changes) => {
    parts.events().changed(changes);
    onChange();
  });
  const stopWatching = watch(store, tell);
  return {
    gatekeeper,
    admit(request) {
      const { principal, refusal } = gatekeeper.askToReport(visitorOf(request, certificateOf));
      if (refusal !== null) parts.events().refused(refusal, request);
      if (refusal !== null) return { refusal };
      return { identity: identify(principal), isKnown: principal.kind !== 'loopback', refusal };
    },
    left(host) {
      writes
        .submit(() => store.release(host))
        .catch(failed('a host left, but its token could not be removed'));
    },
    stop: stopWatching,
  };
}

/** Each fault is told once when it begins, and once when it is over. */
type Teller = (failing: string, mended: string) => (fault: string | null) => void;

function teller(store: CredentialStore, log: Pick<Log, 'error' | 'info'>): Teller {
  return (failing, mended) => {
    let told: string | null = null;
    return (fault) => {
      if (fault !== null && told === null) log.error({ why: fault }, failing);
      if (fault === null && told !== null) log.info({ file: store.path }, mended);
      told = fault;
    };
  };
}

/** @returns a function that ends it */
function watch(store: CredentialStore, tell: Teller): () => void {
  const reading = tell(
    'the credentials cannot be read: those known before stay good, and what "token" commands do is not seen',
    'the credentials can be read again',
  );
  const saving = tell(
    'when credentials were used cannot be written down; it is tried again',
    'when credentials were used is written down again',
  );
  const timers = [
    setInterval(() => {
      store.poll();
      reading(store.fault);
    }, POLL_MS),
    setInterval(() => saving(faultOf(() => store.saveUses())), SAVE_USES_MS),
  ];
  for (const timer of timers) timer.unref();
  return () => timers.forEach(clearInterval);
}

function faultOf(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The names that a connection's client certificate is for; null without one that was verified. */
export function certificateOf({ socket }: IncomingMessage): readonly string[] | null {
  return certificateNames(socket);
}

/** What certificates of clients are held against: as long as it is the same, who came with one may stay. */
function authorityOf({ tls }: WebConfig): string {
  return tls === null ? '' : clientPolicyOf(tls);
}

/** An administrator who is no user can do nothing; most often a name was mistyped. */
function tellUnknown(adminUsers: ReadonlySet<string>, { users }: WebConfig, log: Pick<Log, 'warn'>): void {
  const unknown = [...adminUsers].filter((name) => !users.has(name));
  if (unknown.length === 0) return;
  log.warn(
    { users: unknown },
    '--web.admin-users names users that basic_auth_users of the web configuration lacks',
  );
}

function namesOf(list: string): ReadonlySet<string> {
  return new Set(
    list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
}

function originOf(url: string): string {
  return url === '' ? '' : new URL(url).origin;
}

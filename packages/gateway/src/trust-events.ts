/** What happens about credentials, told to the metrics and the log: who was turned away, and what was made or taken away. */
import type { IncomingMessage } from 'node:http';
import { plainAddress } from './limits/address-key.ts';
import type { Log } from './telemetry/log.ts';
import type { GatewayMetrics } from './telemetry/metrics.ts';
import { Told } from './telemetry/told.ts';
import type { CredentialChange } from './trust/credentials/changes.ts';
import type { Credential } from './trust/credentials/credential.ts';
import type { Refusal } from './trust/refusal.ts';

export interface TrustEvents {
  refused(refusal: Refusal, request: IncomingMessage): void;
  /** A `token` command has written. */
  changed(changes: readonly CredentialChange[]): void;
  /** A host got a token of its own for a join token, or another one. */
  joined(credential: Credential): void;
}

/** Addresses of which it is remembered that they were told of. */
const TOLD_MAX = 1000;
const TELL_AGAIN_MS = 3_600_000;
/** Of one command; a list of a fleet would bury everything else. */
const CHANGES_TOLD_MAX = 20;

export function tellTrust(
  metrics: Pick<GatewayMetrics, 'httpRefused'>,
  log: Pick<Log, 'info' | 'warn'>,
  uptimeMs: () => number,
): TrustEvents {
  const told = new Told(TOLD_MAX, TELL_AGAIN_MS, uptimeMs);
  return {
    refused({ reason, message }, { socket, method, url = '' }) {
      metrics.httpRefused(reason);
      const address = plainAddress(socket.remoteAddress ?? '');
      if (!told.isNews(`${reason} ${address}`)) return;
      // What stands behind the path may be anything.
      const path = url.replace(/\?.*/s, '').slice(0, 200);
      log.warn(
        { address, method, path, reason, why: message },
        'a request was turned away; told once an hour for each address',
      );
    },
    changed(changes) {
      for (const { kind: what, credential } of changes.slice(0, CHANGES_TOLD_MAX)) {
        const { id, kind, name } = credential;
        log.info({ id, kind, name }, `a credential was ${what}`);
      }
      const others = changes.length - CHANGES_TOLD_MAX;
      if (others > 0) log.info({ others }, 'and more credentials were made or revoked');
    },
    joined({ id, name, parent }) {
      log.info({ host: name, id, joinedBy: parent }, 'a host has joined and has a token of its own');
    },
  };
}

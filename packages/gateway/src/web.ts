/** Wires the web configuration: reads it before anything is opened, serves TLS by it, and follows its changes. */
import { systemClock } from '@tributary/shared/clock';
import type { WebSource } from './http/web-config.ts';
import { plainAddress } from './limits/address-key.ts';
import type { Log } from './telemetry/log.ts';
import { Told } from './telemetry/told.ts';
import type { WebProbe } from './telemetry/web-metrics.ts';
import { RequestLimiter } from './trust/web-config/request-limiter.ts';
import { HANDSHAKE_FAILURES, type HandshakeFailure, TlsServing } from './trust/web-config/tls-serving.ts';
import { WebConfigWatch } from './trust/web-config/watch.ts';
import { NO_WEB_CONFIG, type WebConfig } from './trust/web-config/web-config.ts';

export interface Web extends WebSource {
  /** Null without a file. */
  readonly probe: WebProbe | null;
  /** @param listener told of each new configuration. */
  onChange(listener: (config: WebConfig) => void): void;
  /** Looks for changes now. Never fails. @returns what is wrong; null for nothing */
  look(): Promise<string | null>;
  /** Looks for changes from now on. */
  start(): void;
  stop(): void;
}

export interface WebParts {
  readonly log: Log;
  readonly handshakeFailed: (reason: HandshakeFailure) => void;
  readonly onFault: (error: unknown) => void;
}

const TOLD_MAX = 1000;
const TELL_AGAIN_MS = 3_600_000;
/** Of failed handshakes: whoever has many addresses must not fill the log. */
const LINES = { intervalMs: 60_000, burst: 60 };

/**
 * @param file of `--web.config.file`; '' for none.
 * @throws OptionError, most often a ConfigFileError, when it is not valid.
 */
export async function openWeb(file: string, { log, handshakeFailed, onFault }: WebParts): Promise<Web> {
  if (file === '') return NO_WEB;
  const watch = await WebConfigWatch.open(file, { log, now: () => systemClock.now(), onFault });
  const told = new Told(TOLD_MAX, TELL_AGAIN_MS, () => performance.now());
  const lines = new RequestLimiter(
    () => LINES,
    () => performance.now(),
  );
  const failed = (reason: HandshakeFailure, address: string, detail: string) => {
    handshakeFailed(reason);
    // Whoever only looks whether somebody listens is no news.
    if (reason === 'closed' || !told.isNews(`${reason} ${address}`) || !lines.take()) return;
    log.warn(
      { reason, address: plainAddress(address), detail },
      'a connection by TLS did not come about; told once an hour for each',
    );
  };
  const { tls: settings } = watch.current;
  const tls = settings === null ? null : new TlsServing(settings, { failed });
  watch.onChange((config) => {
    if (config.tls !== null) tls?.update(config.tls);
  });
  return {
    config: () => watch.current,
    tls,
    probe: { facts: () => watch.facts, handshakeFailures: HANDSHAKE_FAILURES },
    onChange: (listener) => watch.onChange(listener),
    look: () => watch.look(),
    start: () => watch.start(),
    stop: () => watch.stop(),
  };
}

const NO_WEB: Web = {
  config: () => NO_WEB_CONFIG,
  tls: null,
  probe: null,
  onChange() {},
  look: () => Promise.resolve(null),
  start() {},
  stop() {},
};

/** Whether a hello is listened to, before anything else is made of it: what a stranger says of a host must not be kept. */
import { RefuseError } from '@tributary/shared/errors';
import type { Hello } from '@tributary/shared/frames';
import type { SessionContext } from './session-context.ts';

const WRONG_CLOCK_RETRY_MS = 5_000;
/** A place gets free when a host is forgotten, which takes days or a person. */
const FULL_RETRY_MS = 60_000;

/** @param now in ms of uptime. @returns why the connection ends with it; null when it may go on. */
export function objectionTo(
  hello: Hello,
  now: number,
  { identity, voices, rates, observer, isOneTooMany }: SessionContext,
): RefuseError | null {
  const refusal = identity.refusalOf(hello);
  if (refusal !== null) return refusal;
  if (isOneTooMany(hello.host)) {
    observer.limited(hello.host, 'hosts');
    const message = 'the gateway knows as many hosts as it may (--limits.hosts)';
    return new RefuseError('RATE', message, FULL_RETRY_MS);
  }
  const claim = voices.judge(hello.host, hello, now);
  if (!claim.granted) return new RefuseError('DUPLICATE_HOST', claim.message, claim.retryAfterMs);
  // After the others, or whoever is not the host could use up what it has.
  const waitMs = rates.takeHello(hello.host);
  if (waitMs === 0) return null;
  observer.limited(hello.host, 'hellos');
  return new RefuseError('RATE', 'this host connects again and again; it has to wait', waitMs);
}

/** What everybody is told while this machine's clock is wrong. */
export function wrongClock(): RefuseError {
  const message = "the gateway's clock is wrong; samples are taken once it is set right";
  return new RefuseError('DRAINING', message, WRONG_CLOCK_RETRY_MS);
}

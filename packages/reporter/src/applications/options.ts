/** What the command line and the file say of applications on this host. Both ways in are off unless they have an address. */
import { parseLoopback } from '@tributary/shared/loopback';
import { durationOption, OptionError, type OptionSpec, textOption } from '@tributary/shared/options';

/** `push:` of the file. */
export interface PushOptions {
  /** HOST:PORT on loopback; empty is off. */
  readonly listenAddress: string;
  /** A group that nobody has pushed for so long is gone; 0 is never. In ms. */
  readonly expireAfterMs: number;
}

/** `statsd:` of the file. */
export interface StatsdOptions {
  /** HOST:PORT on loopback; empty is off. */
  readonly listenUdp: string;
  /** Upper bounds, ascending, without +Inf; those of timers are in seconds. */
  readonly histogramBuckets: readonly number[];
  /** A series that nobody has sent for so long is gone; 0 is only when its place is needed. In ms. */
  readonly expireAfterMs: number;
}

/** The default of Prometheus's client libraries and of statsd_exporter. */
const BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BUCKETS_MAX = 100;

export const PUSH_DEFAULTS: PushOptions = { listenAddress: '', expireAfterMs: 0 };
export const STATSD_DEFAULTS: StatsdOptions = { listenUdp: '', histogramBuckets: BUCKETS, expireAfterMs: 0 };

export const PUSH_PORT = 9091;
export const STATSD_PORT = 9125;

export const APPLICATION_SPECS = {
  'push.listen-address': textOption({
    help: "HOST:PORT on loopback where applications push text, as to a Pushgateway; '' is off.",
    placeholder: 'HOST:PORT',
    default: PUSH_DEFAULTS.listenAddress,
    check: (text) => checkAddress(text, PUSH_PORT),
  }),
  'push.expire-after': durationOption({
    help: 'How long a group that nobody pushes is told; 0 is until it is deleted.',
    defaultMs: PUSH_DEFAULTS.expireAfterMs,
  }),
  'statsd.listen-udp': textOption({
    help: "HOST:PORT on loopback where applications send StatsD over UDP; '' is off.",
    placeholder: 'HOST:PORT',
    default: STATSD_DEFAULTS.listenUdp,
    check: (text) => checkAddress(text, STATSD_PORT),
  }),
  'statsd.histogram-buckets': bucketsOption(),
  'statsd.expire-after': durationOption({
    help: 'How long a series that nobody sends is told; 0 is until its place is needed.',
    defaultMs: STATSD_DEFAULTS.expireAfterMs,
  }),
};

function checkAddress(text: string, port: number): string {
  if (text === '') return text;
  parseLoopback(
    text,
    port,
    (given) =>
      `applications need no credential here, so only those of this very machine are heard: use 127.0.0.1:${given}`,
  );
  return text;
}

/** @throws OptionError unless they ascend. */
function checkBuckets(bounds: readonly number[]): readonly number[] {
  if (bounds.length === 0 || bounds.length > BUCKETS_MAX)
    throw new OptionError(`1 to ${BUCKETS_MAX} upper bounds are needed, not ${bounds.length}`);
  for (const [i, bound] of bounds.entries()) {
    if (i > 0 && bound <= (bounds[i - 1] ?? 0)) throw new OptionError('the upper bounds have to ascend');
  }
  return bounds;
}

function bucketsOption(): OptionSpec<readonly number[]> {
  return {
    help: 'Upper bounds of the buckets of timers (in seconds), histograms and distributions, separated by commas.',
    placeholder: 'BOUND,…',
    defaultText: BUCKETS.join(','),
    defaultValue: BUCKETS,
    // An environment variable's value is then split where this one is.
    repeatable: true,
    parse: (texts) => checkBuckets(texts.flatMap((text) => text.split(',')).map(readBound)),
  };
}

function readBound(text: string): number {
  const bound = text.trim() === '' ? Number.NaN : Number(text);
  // As it was written: YAML's `.inf` and Prometheus's `+Inf` are no numbers here.
  if (!Number.isFinite(bound))
    throw new OptionError(`${JSON.stringify(text.trim())} is no upper bound; +Inf is there by itself`);
  return bound;
}

/**
 * Checks what the reporter's file says of its targets, beyond the types, and makes of it one complete `Target` for each
 * URL. Messages are made for whoever wrote the file.
 */
import { LABEL_VALUE_CHARS_MAX } from '@tributary/shared/limits';
import { isTargetLabelName, quote } from '@tributary/shared/names';
import { OptionError } from '@tributary/shared/options';
import { mayHoldCredentials } from '@tributary/shared/redact';
import type { Labels } from '@tributary/shared/shape';
import { formatDuration } from '@tributary/shared/units';
import { patternOption } from '../collectors/collector-options.ts';
import type { IntervalSetting } from '../sampler/pace.ts';
import { checkTls, credentialsOf, headersOf } from './check-request.ts';
import { TARGETS_SERIES_MAX } from './claims.ts';
import { labelsKey } from './labels-key.ts';
import { FALLBACK_FORMATS, TARGET_DEFAULTS, type Target, type TargetOptions } from './target-options.ts';

/** What targets take over from the reporter's own options. */
export interface ReporterDefaults {
  readonly interval: IntervalSetting;
  /** The static labels of every series of the host. */
  readonly label: ReadonlyMap<string, string>;
}

/** Each has a connection and some memory of its own. */
const TARGETS_MAX = 256;
const INTERVAL_MS_MIN = 100;
/** Where the reporter's own interval is `auto`: `rate()` over an exporter's series wants an even pace. */
const INTERVAL_MS_BESIDE_AUTO = 10_000;
/** The rest of what the wire allows a series is for its own. */
const TARGET_LABELS_MAX = 24;
/** What a target without a path is asked for, as in Prometheus. */
const METRICS_PATH = '/metrics';
/** The reporter's collectors have it, and the gateway lets no other instance than the host have it. */
const NODE_JOB = 'node';

/** @throws OptionError for the first mistake. */
export function checkTargets(options: readonly TargetOptions[], reporter: ReporterDefaults): Target[] {
  const { located, mistakes } = examine(options, reporter);
  if (mistakes[0] !== undefined) throw mistakes[0];
  return located.map(({ target }) => target);
}

/** All that is wrong with them. `about` is where in the file: `targets[0].basic_auth.password`. */
export function targetMistakes(
  options: readonly TargetOptions[],
  reporter: ReporterDefaults,
): readonly OptionError[] {
  return examine(options, reporter).mistakes;
}

interface Located {
  readonly target: Target;
  readonly path: string;
}

function examine(options: readonly TargetOptions[], reporter: ReporterDefaults) {
  const mistakes: OptionError[] = [];
  const located = options.flatMap((job, i): Located[] => {
    try {
      return targetsOf(job, reporter).map((target, k) => ({ target, path: `targets[${i}].urls[${k}]` }));
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      const about = error.about.map((key) => `targets[${i}].${key}`);
      const message = `targets[${i}] (job ${quote(String(job.job))}): ${error.message}`;
      mistakes.push(new OptionError(message, about.length === 0 ? [`targets[${i}]`] : about));
      return [];
    }
  });
  if (located.length > TARGETS_MAX) {
    const message = `targets: ${located.length} URLs; at most ${TARGETS_MAX} are possible`;
    mistakes.push(new OptionError(message, ['targets']));
  }
  return { located, mistakes: [...mistakes, ...twinsIn(located)] };
}

/** Two targets whose series would be the same ones. */
function twinsIn(located: readonly Located[]): OptionError[] {
  const known = new Map<string, Target>();
  return located.flatMap(({ target, path }) => {
    const key = labelsKey(target.labels);
    const twin = known.get(key);
    known.set(key, target);
    if (twin === undefined) return [];
    const { job, instance } = target.labels;
    const message = `targets: ${twin.shownUrl} and ${target.shownUrl} would both be job ${quote(job ?? '')}, instance ${quote(instance ?? '')}; give one another job, or labels: {instance: …}`;
    return [new OptionError(message, [path])];
  });
}

function targetsOf(options: TargetOptions, reporter: ReporterDefaults): Target[] {
  const { job } = options;
  if (options.urls.length === 0) throw new OptionError('urls is empty; at least one is needed', ['urls']);
  const { intervalMs, timeoutMs } = timesOf(options, reporter);
  checkLabels({ job, ...options.labels });
  const common = {
    job,
    intervalMs,
    timeoutMs,
    honorLabels: options.honorLabels ?? TARGET_DEFAULTS.honorLabels,
    honorTimestamps: options.honorTimestamps ?? TARGET_DEFAULTS.honorTimestamps,
    credentials: credentialsOf(options),
    tls: checkTls(options.tlsConfig ?? {}),
    headers: headersOf(options.headers ?? {}),
    followRedirects: options.followRedirects ?? TARGET_DEFAULTS.followRedirects,
    enableCompression: options.enableCompression ?? TARGET_DEFAULTS.enableCompression,
    samplesMax: samplesMaxOf(limitOf('sample_limit', options.sampleLimit ?? TARGET_DEFAULTS.sampleLimit, 0)),
    bodyBytesMax: limitOf('body_size_limit', options.bodySizeLimit ?? TARGET_DEFAULTS.bodySizeLimit, 1),
    keeps: keepBy(patternsOf('keep', options.keep), patternsOf('drop', options.drop)),
    fallback: fallbackOf(options.fallbackScrapeProtocol ?? TARGET_DEFAULTS.fallbackScrapeProtocol),
  };
  return options.urls.map((text, i) => {
    const url = urlOf(text, [`urls[${i}]`]);
    const own = { job, instance: instanceOf(url), ...options.labels };
    const labels = checkNumber({ ...Object.fromEntries(reporter.label), ...own });
    const { keep, drop } = options;
    const key = JSON.stringify({ ...common, keeps: { keep, drop }, url: url.href, labels });
    return { ...common, key, url, shownUrl: url.origin + url.pathname, labels };
  });
}

function timesOf(options: TargetOptions, reporter: ReporterDefaults) {
  const otherwise = reporter.interval === 'auto' ? INTERVAL_MS_BESIDE_AUTO : reporter.interval;
  const intervalMs = options.interval ?? otherwise;
  if (intervalMs < INTERVAL_MS_MIN)
    throw new OptionError(`interval is too short; at least ${formatDuration(INTERVAL_MS_MIN)} is needed`, [
      'interval',
    ]);
  const timeoutMs = options.timeout ?? Math.min(TARGET_DEFAULTS.timeout, intervalMs);
  if (timeoutMs <= 0) throw new OptionError('timeout is too short', ['timeout']);
  if (timeoutMs > intervalMs) {
    throw new OptionError(
      `timeout ${formatDuration(timeoutMs)} is longer than the interval, ${formatDuration(intervalMs)}`,
      ['timeout'],
    );
  }
  return { intervalMs, timeoutMs };
}

function checkLabels(labels: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    const what = name === 'job' ? 'job' : `labels: ${name}`;
    const about = [name === 'job' ? 'job' : `labels.${name}`];
    if (!isTargetLabelName(name)) {
      throw new OptionError(
        `labels: ${quote(name)} cannot be a label; use [a-zA-Z_][a-zA-Z0-9_]*, not __*, host, le or quantile`,
        about,
      );
    }
    if (value.length > LABEL_VALUE_CHARS_MAX || !value.isWellFormed() || value.includes('\0'))
      throw new OptionError(`${what} must be text of at most ${LABEL_VALUE_CHARS_MAX} characters`, about);
    if (value === '' && (name === 'job' || name === 'instance'))
      throw new OptionError(`${what} is empty`, about);
  }
  if (labels['job'] === NODE_JOB) {
    throw new OptionError(
      `the job ${NODE_JOB} is that of the reporter's own collectors; choose another, as in node-exporter`,
      ['job'],
    );
  }
}

function checkNumber(labels: Labels): Labels {
  if (Object.keys(labels).length <= TARGET_LABELS_MAX) return labels;
  throw new OptionError(
    `labels: a target may have ${TARGET_LABELS_MAX}, those of the reporter and job and instance included`,
    ['labels'],
  );
}

function urlOf(text: string, about: readonly string[]): URL {
  const url = URL.parse(text);
  // Told before the URL is shown to anybody, which it is not if it may have some, and is no URL for what they hold.
  if (mayHoldCredentials(text, url))
    throw new OptionError('a URL must not carry credentials; use basic_auth', about);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const meant = /^[\w.-]+(:\d+)?(\/\S*)?$/.test(text) ? `; do you mean http://${text}?` : '';
    throw new OptionError(`${quote(text)} is not an http:// or https:// URL${meant}`, about);
  }
  if (url.hash !== '') throw new OptionError(`${quote(text)} must not have a fragment (#)`, about);
  if (/^[^/]+\/\/[^/?]+(\?|$)/.test(text)) url.pathname = METRICS_PATH;
  return url;
}

/** `host:port`, the port always there. */
function instanceOf(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return `${url.hostname}:${port}`;
}

function limitOf(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new OptionError(`${name} must be a whole number of at least ${min}`, [name]);
}

/** 0 stands for no limit of its own. */
function samplesMaxOf(limit: number): number {
  return limit === 0 ? TARGETS_SERIES_MAX : Math.min(limit, TARGETS_SERIES_MAX);
}

const WHOLE_NAME = patternOption({ help: '', anchored: true });

function patternsOf(key: string, texts: readonly string[] = []): readonly RegExp[] {
  return texts.map((text, i) => {
    const about = [`${key}[${i}]`];
    try {
      const pattern = WHOLE_NAME.parse([text]);
      if (pattern !== null) return pattern;
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      throw new OptionError(`${key}: ${error.message}`, about);
    }
    throw new OptionError(`${key} has an empty expression, which no name matches`, about);
  });
}

function keepBy(keep: readonly RegExp[], drop: readonly RegExp[]): Target['keeps'] {
  if (keep.length === 0 && drop.length === 0) return null;
  return (name) =>
    (keep.length === 0 || keep.some((pattern) => pattern.test(name))) &&
    !drop.some((pattern) => pattern.test(name));
}

function fallbackOf(protocol: string): Target['fallback'] {
  const format = Object.entries(FALLBACK_FORMATS).find(([name]) => name === protocol)?.[1];
  if (format !== undefined) return format;
  const known = Object.keys(FALLBACK_FORMATS).join(', ');
  throw new OptionError(`fallback_scrape_protocol ${quote(protocol)} is none of ${known}`, [
    'fallback_scrape_protocol',
  ]);
}

/**
 * Makes of a parsed body what is kept of it: each series with the labels and the bounds that it will have at the
 * gateway, and a refusal for whatever would get its whole group rejected there.
 */
import { LABELS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { quote } from '@tributary/shared/names';
import type { MetricType } from '@tributary/shared/shape';
import type { TextFamily, TextSample } from '../../collectors/exposition-text/families.ts';
import { detached } from '../../collectors/own-labels.ts';
import { boundText } from './bound-text.ts';
import { PushError } from './push-error.ts';
import { ownLabels, type Target } from './target.ts';

export interface PushedSample {
  readonly suffix: string;
  /** '' where the group's stands. */
  readonly instance: string;
  /** Names and values in turn, sorted by name. */
  readonly labels: readonly string[];
  readonly value: number;
}

export interface PushedFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly PushedSample[];
  /** Of all this, as often as the wire has it. */
  readonly chars: number;
}

/** Told for each group by the reporter itself; a body's own are not heard, as in Pushgateway. */
export const PUSH_TIME = 'push_time_seconds';
export const PUSH_FAILURE_TIME = 'push_failure_time_seconds';

const NO_HELP = 'Pushed without a help text.';

/** @throws PushError */
export function prepare(families: readonly TextFamily[], target: Target): PushedFamily[] {
  if (families.some(({ samples }) => samples.some(({ timestampMs }) => timestampMs !== null)))
    throw new PushError('timestamps', 'pushed metrics must not have timestamps');
  const texts = new Map<string, string>();
  const keep = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    const own = detached(text);
    texts.set(own, own);
    return own;
  };
  return families
    .filter(({ name }) => name !== PUSH_TIME && name !== PUSH_FAILURE_TIME)
    .map((family) => prepareFamily(family, target, keep));
}

function prepareFamily(family: TextFamily, target: Target, keep: (text: string) => string): PushedFamily {
  const { name, type, help } = family;
  if (name.startsWith('tributary_'))
    throw new PushError('reserved', `${name}: names that begin with tributary_ are Tributary's own`);
  if (help?.includes('\0') === true) throw new PushError('unfit', `${name}: the help has a NUL in it`);
  const seen = new Set<string>();
  const samples = family.samples.map((sample) => {
    const prepared = prepareSample(name, type, sample, target, keep);
    const key = sampleKey(prepared);
    if (seen.has(key)) {
      const why = 'once its labels are those of the path and bounds are read as numbers';
      throw new PushError('inconsistent', `${name}: a series stands twice in the body, ${why}`);
    }
    seen.add(key);
    return prepared;
  });
  const whole = type === 'histogram' ? withInfinity(samples, seen) : samples;
  const told = help === null ? NO_HELP : keep(help);
  return { name: keep(name), type, help: told, samples: whole, chars: charsOf(name, told, whole) };
}

function charsOf(name: string, help: string, samples: readonly PushedSample[]): number {
  let chars = name.length + help.length;
  for (const { suffix, instance, labels } of samples)
    chars += labels.reduce((sum, { length }) => sum + length, suffix.length + instance.length);
  return chars;
}

/** Tells the series of one family of one target apart. */
export function sampleKey({ suffix, instance, labels }: PushedSample): string {
  return `${suffix}\0${instance}\0${labels.join('\0')}`;
}

function prepareSample(
  family: string,
  type: MetricType,
  { suffix, labels: pushed, value }: TextSample,
  target: Target,
  keep: (text: string) => string,
): PushedSample {
  const { instance, labels } = ownLabels(pushed, target);
  const bound = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : '';
  const needsBound = bound !== '' && suffix === (type === 'histogram' ? '_bucket' : '');
  if (labels.length / 2 + target.reserved.size > LABELS_MAX)
    throw new PushError('unfit', `${family}: a series has more than ${LABELS_MAX} labels with its target's`);
  const kept: string[] = [];
  let hasBound = false;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] ?? '';
    const text = labels[i + 1] ?? '';
    // It may have got `exported_` before it.
    if (name.length > NAME_CHARS_MAX)
      throw new PushError('unfit', `${family}: the label name ${quote(name)} is too long`);
    if (text.includes('\0'))
      throw new PushError('unfit', `${family}: the value of label ${name} has a NUL in it`);
    if (name === bound) {
      const fit = boundOf(family, name, text);
      hasBound = true;
      // On a sum or a count it tells nothing apart, and is not heard, as in Pushgateway.
      if (needsBound) kept.push(keep(name), fit);
    } else kept.push(keep(name), keep(text));
  }
  if (needsBound && !hasBound) throw new PushError('unfit', `${family}${suffix}: label ${bound} is missing`);
  return { suffix, instance: keep(instance), labels: kept, value };
}

function boundOf(family: string, name: string, text: string): string {
  const bound = boundText(text);
  const number = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
  const isFit = bound !== null && (name === 'le' || (number >= 0 && number <= 1));
  if (isFit) return bound;
  const what = name === 'le' ? 'a number' : 'a number from 0 to 1';
  throw new PushError('format', `${family}: ${what} was expected as the value of label ${name}`);
}

/** A histogram's last bucket holds as much as its count by definition; Pushgateway adds it where a client leaves it out. */
function withInfinity(samples: readonly PushedSample[], seen: ReadonlySet<string>): readonly PushedSample[] {
  const missing: PushedSample[] = [];
  for (const { suffix, instance, labels, value } of samples) {
    if (suffix !== '_count') continue;
    const pairs: [string, string][] = [['le', '+Inf']];
    for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i] ?? '', labels[i + 1] ?? '']);
    const bucket = {
      suffix: '_bucket',
      instance,
      labels: pairs.sort(([a], [b]) => (a < b ? -1 : 1)).flat(),
      value,
    };
    if (!seen.has(sampleKey(bucket))) missing.push(bucket);
  }
  return missing.length === 0 ? samples : [...samples, ...missing];
}

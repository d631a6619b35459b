/**
 * Takes out of a shape what the gateway would reject the whole group for: one device with an absurd name must cost that
 * device, not the collector. Looked at once for each shape, so a tick pays nothing.
 *
 * The rules are the wire's: docs/PROTOCOL.md, "Shapes" and "Limits".
 */
import { HELP_CHARS_MAX, LABEL_VALUE_CHARS_MAX, LABELS_MAX } from '@tributary/shared/limits';
import { isLabelName, isMetricName, isReservedMetricName, quote } from '@tributary/shared/names';
import { type Family, type Labels, type Series, type Shape, suffixesOf } from '@tributary/shared/shape';

export interface SoundShape {
  readonly shape: Shape;
  /** Places in the column of the series that were left out, ascending. */
  readonly leftOut: readonly number[];
  /** Why the first of them was; null when none was. */
  readonly reason: string | null;
}

export function soundShape(shape: Shape): SoundShape {
  const leftOut: number[] = [];
  const families: Family[] = [];
  const seen = new Set<string>();
  const targetLabels = Object.keys(shape.labels).length;
  let reason: string | null = null;
  let index = 0;
  for (const family of shape.families) {
    const familyFault = faultOfFamily(family);
    const kept = family.series.filter((series) => {
      const fault = familyFault ?? faultOfSeries(family, series, targetLabels, seen);
      if (fault !== null) {
        leftOut.push(index);
        reason ??= `${quote(family.name)}: ${fault}`;
      }
      index++;
      return fault === null;
    });
    if (kept.length === family.series.length) families.push(family);
    else if (kept.length > 0) families.push({ ...family, series: kept });
  }
  return { shape: leftOut.length === 0 ? shape : { ...shape, families }, leftOut, reason };
}

function faultOfFamily({ name, help }: Family): string | null {
  if (!isMetricName(name)) return 'this is no metric name';
  if (isReservedMetricName(name)) return "names that begin with tributary_ are the gateway's own";
  if (help.length > HELP_CHARS_MAX) return `the help is longer than ${HELP_CHARS_MAX} characters`;
  return isSoundText(help) ? null : 'the help is no well-formed text';
}

function faultOfSeries(
  family: Family,
  [suffix, labels]: Series,
  targetLabels: number,
  seen: Set<string>,
): string | null {
  if (!suffixesOf(family.type).includes(suffix)) return `a ${family.type} has no series ${quote(suffix)}`;
  const names = Object.keys(labels).sort();
  // The target may add host, job and instance of its own.
  if (names.length + targetLabels + 3 > LABELS_MAX) return `more than ${LABELS_MAX} labels`;
  let key = family.name + suffix;
  for (const name of names) {
    const value = labels[name] ?? '';
    const fault = faultOfLabel(name, value);
    if (fault !== null) return fault;
    key += `\0${name}\0${boundOf(family, name, value)}`;
  }
  const boundName = boundLabel(family, suffix);
  if (boundName !== null && !isBound(boundName, labels)) return `a series without a number in ${boundName}`;
  if (seen.has(key)) return 'a series stands there twice';
  seen.add(key);
  return null;
}

function faultOfLabel(name: string, value: string): string | null {
  if (!isLabelName(name)) return `${quote(name)} is no label name`;
  if (value.length > LABEL_VALUE_CHARS_MAX)
    return `the label ${name} is longer than ${LABEL_VALUE_CHARS_MAX} characters`;
  return isSoundText(value) ? null : `the label ${name} is no well-formed text`;
}

function isSoundText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function boundLabel({ type }: Family, suffix: string): 'le' | 'quantile' | null {
  if (type === 'histogram' && suffix === '_bucket') return 'le';
  return type === 'summary' && suffix === '' ? 'quantile' : null;
}

/** Bounds are numbers: 1 and 1.0 are the same one. */
function boundOf({ type }: Family, name: string, value: string): string {
  const isNumber = (type === 'histogram' && name === 'le') || (type === 'summary' && name === 'quantile');
  return isNumber ? String(Number(value.replace('Inf', 'Infinity'))) : value;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function isBound(name: 'le' | 'quantile', labels: Labels): boolean {
  const text = labels[name] ?? '';
  if (name === 'le' && (text === '+Inf' || text === '-Inf')) return true;
  return DECIMAL.test(text) && (name === 'le' || (Number(text) >= 0 && Number(text) <= 1));
}

/**
 * The two text formats and where they differ: what a type is called, under which name a family is declared, which
 * names that takes from everyone else, and how numbers and help are written.
 *
 * Sources: the OpenMetrics 1.0 specification; prometheus_client/openmetrics/parser.py (`type_suffixes`, `seen_names`)
 * for the names that a family reserves; prometheus/common/expfmt for the same in text 0.0.4, where `foo_sum` behind a
 * summary `foo` counts as a line of that summary and so cannot be declared by itself.
 */
import type { MetricType } from '@tributary/shared/shape';

export type Format = 'openmetrics' | 'text';

/** A type as it stands in a TYPE line. */
export type OutputType = Exclude<MetricType, 'untyped'> | 'unknown' | 'untyped';

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
};

export function contentType(format: Format): string {
  return CONTENT_TYPES[format];
}

/** The type of lines of which nothing is known. */
export function unknownType(format: Format): OutputType {
  return format === 'openmetrics' ? 'unknown' : 'untyped';
}

export function outputType(type: MetricType, format: Format): OutputType {
  if (format === 'openmetrics') return type === 'untyped' ? 'unknown' : type;
  return type === 'info' || type === 'stateset' ? 'gauge' : type;
}

/** Lines of these types are single values that say nothing of one another, so they may share a family. */
export function isPlain(type: OutputType): boolean {
  return type === 'counter' || type === 'gauge' || type === 'unknown' || type === 'untyped';
}

/** Metrics of these types have several lines, told apart by a label that is no part of the metric. */
export function isGrouped(type: OutputType): boolean {
  return type === 'histogram' || type === 'summary' || type === 'stateset';
}

export interface Declaration {
  /** The family's name in HELP and TYPE. */
  readonly name: string;
  /** Every name that no other family may have, the declared one among them. */
  readonly reserved: readonly string[];
}

/**
 * How a family whose lines are called `sample` (histograms and summaries: begin so) is declared.
 * @returns null when the type cannot have samples of that name, as a counter without `_total` in OpenMetrics.
 */
export function declare(type: OutputType, sample: string, format: Format): Declaration | null {
  const open = format === 'openmetrics';
  const names = (base: string, ...suffixes: string[]): Declaration => ({
    name: base,
    reserved: [base, ...suffixes.map((suffix) => base + suffix)],
  });
  switch (type) {
    case 'histogram':
      return names(sample, '_bucket', '_sum', '_count', ...(open ? ['_created'] : []));
    case 'summary':
      return names(sample, '_sum', '_count', ...(open ? ['_created'] : []));
    case 'counter':
      if (!open) return names(sample);
      return /._total$/.test(sample) ? names(sample.slice(0, -'_total'.length), '_total', '_created') : null;
    case 'info':
      return /._info$/.test(sample) ? names(sample.slice(0, -'_info'.length), '_info') : null;
    default:
      return names(sample);
  }
}

/** The HELP and TYPE lines. No help, no HELP line: `# HELP name ` says nothing and not every parser takes it. */
export function header(name: string, type: OutputType, help: string, format: Format): string {
  const typeLine = `# TYPE ${name} ${type}\n`;
  return help === '' ? typeLine : `# HELP ${name} ${escapeHelp(help, format)}\n${typeLine}`;
}

function escapeHelp(help: string, format: Format): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}

/**
 * A value in the shortest form that reads back as the same double. JavaScript's own (`1e+21`, `5e-324`) is among
 * those that Go, Python and the specification read.
 */
export function valueText(value: number): string {
  // NaN and the infinities are the only numbers that differ from themselves by anything but zero.
  if (value - value !== 0) return value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
  return `${value}`;
}

/** What stands behind a host's value: a space, the time of the point and the line's end. */
export function stampText(at: number, format: Format): string {
  // Three decimals survive Prometheus's conversion to milliseconds exactly.
  return format === 'openmetrics' ? ` ${(at / 1000).toFixed(3)}\n` : ` ${at}\n`;
}

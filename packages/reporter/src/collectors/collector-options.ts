/**
 * A collector's own options: how it declares them, and how they are read.
 *
 * A collector's file exports a table of them by the part of the flag behind `--collector.NAME.` (`fields`,
 * `device-exclude`), list.ts names that table beside the collector, and the command line offers what is in the list.
 * Names and defaults are node_exporter's.
 */
import { OptionError, type OptionSpec, type OptionSpecs, type OptionValues } from '@tributary/shared/options';

/** What was given on the command line or in the environment, by the whole name: `collector.vmstat.fields`. */
export type CollectorSettings = Readonly<Record<string, unknown>>;

/** A regular expression; null when it is empty, which stands for "not given". */
export interface PatternOption extends OptionSpec<RegExp | null> {
  /** The option that must not be given as well. */
  readonly insteadOf?: string;
}

/** Of Go's expressions what JavaScript takes for something else, instead of refusing it. */
const GO_ONLY = /(?<!\\)(?:\\\\)*(\\[AzQECpPa]|\\x\{)|\[\[:/;

/**
 * An option whose value is a regular expression, searched for anywhere in the name unless `anchored`: node_exporter
 * anchors some of its options and not others.
 */
export function patternOption(described: {
  readonly help: string;
  readonly default?: string;
  readonly anchored?: boolean;
  readonly insteadOf?: string;
}): PatternOption {
  const { help, default: text = '', anchored = false, insteadOf } = described;
  const defaultValue = toPattern(text, anchored);
  return {
    help,
    placeholder: 'REGEXP',
    defaultText: text,
    defaultValue,
    repeatable: false,
    // The default's own text is as good as nothing, so that a file with every default in it says no more than an empty one.
    parse: ([given = '']) => (given === text ? defaultValue : toPattern(given, anchored)),
    ...(insteadOf === undefined ? {} : { insteadOf }),
  };
}

function toPattern(text: string, anchored: boolean): RegExp | null {
  if (text === '') return null;
  const insensitive = text.startsWith('(?i)');
  const source = (insensitive ? text.slice(4) : text).replaceAll('(?P<', '(?<');
  const unknown = GO_ONLY.exec(source);
  if (unknown !== null)
    throw new OptionError(`${JSON.stringify(text)}: ${unknown[1] ?? unknown[0]} is not supported here`);
  try {
    return new RegExp(anchored ? `^(?:${source})$` : source, insensitive ? 'i' : '');
  } catch {
    throw new OptionError(`${JSON.stringify(text)} is no regular expression`);
  }
}

/** Whether something of that name is to be told. */
export type Keep = (name: string) => boolean;

/** The two values that `keepBy` reads, as `filterOptions` declares them. */
type FilterValues<P extends string> = { readonly [K in `${P}-include` | `${P}-exclude`]: RegExp | null };
type FilterSpecs<P extends string> = { readonly [K in `${P}-include` | `${P}-exclude`]: PatternOption };

/**
 * `PREFIX-include` and `PREFIX-exclude`, of which only one may be given.
 * @param things for the help: `network devices`.
 */
export function filterOptions<P extends string>(
  prefix: P,
  things: string,
  excludeDefault = '',
): FilterSpecs<P> {
  const include = `${prefix}-include` as const;
  const exclude = `${prefix}-exclude` as const;
  return {
    [include]: patternOption({ help: `Which ${things} to tell, instead of which not.`, insteadOf: exclude }),
    [exclude]: patternOption({ help: `Which ${things} not to tell.`, default: excludeDefault }),
  } as FilterSpecs<P>;
}

/** What the two options of `filterOptions` choose. An include takes the place of the default exclude. */
export function keepBy<P extends string>(
  specs: FilterSpecs<P>,
  values: FilterValues<P>,
  prefix: NoInfer<P>,
): Keep {
  const includeName = `${prefix}-include` as const;
  const excludeName = `${prefix}-exclude` as const;
  const include = values[includeName];
  const exclude = values[excludeName];
  if (include !== null && exclude === specs[excludeName].defaultValue) return (name) => include.test(name);
  return (name) => include?.test(name) !== false && exclude?.test(name) !== true;
}

/** The values of one collector's options, those not given at their defaults. */
export function settingsOf<S extends OptionSpecs>(
  collector: string,
  specs: S,
  given: CollectorSettings,
): OptionValues<S> {
  const values = Object.entries(specs).map(([name, { defaultValue }]) => {
    const whole = `collector.${collector}.${name}`;
    return [name, Object.hasOwn(given, whole) ? given[whole] : defaultValue];
  });
  return Object.fromEntries(values) as OptionValues<S>;
}

/** Every option at its default. */
export function defaultsOf<S extends OptionSpecs>(specs: S): OptionValues<S> {
  return settingsOf('', specs, {});
}

/** Pairs of options that were given of which only one may be; an empty one is as good as none. */
export function conflictsOf(
  collector: string,
  specs: OptionSpecs,
  given: CollectorSettings,
): readonly OptionError[] {
  const values: Readonly<Record<string, unknown>> = settingsOf(collector, specs, given);
  return Object.entries(specs).flatMap(([name, spec]) => {
    const { insteadOf } = spec as PatternOption;
    if (insteadOf === undefined) return [];
    if (values[name] === null || values[insteadOf] === null) return [];
    if (values[insteadOf] === specs[insteadOf]?.defaultValue) return [];
    const both = [`collector.${collector}.${name}`, `collector.${collector}.${insteadOf}`];
    return [new OptionError(`--${both.join(' and --')} cannot be given together`, both)];
  });
}

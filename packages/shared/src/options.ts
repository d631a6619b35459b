/**
 * Options as Prometheus's programs have them: dotted flags (`--storage.path DIR`, `--storage.path=DIR`), each with an
 * environment variable (`TRIBUTARY_GATEWAY_STORAGE_PATH`), a key of the configuration file (config-keys.ts) and a default.
 * A flag goes before the environment, the environment before the file, the file before the default. One table of specs
 * says everything about a program's options.
 */
import { nearest } from './nearest.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

export interface OptionSpec<T> {
  readonly help: string;
  /** What stands behind the flag in `--help`; '' for a switch, which takes no value and has a `--no-` form. */
  readonly placeholder: string;
  /** How the default is written, as a user would write it. */
  readonly defaultText: string;
  readonly defaultValue: T;
  /** May be given several times; values are handed to `parse` together, an environment variable's split at commas. */
  readonly repeatable: boolean;
  /** Each text is `KEY=VALUE`; a file has them as a map. Goes with `repeatable`. */
  readonly isMap?: boolean;
  /** The text is a path: one from a file that is relative is so to the file's folder. */
  readonly isPath?: boolean;
  /** How its text is made, for references and editors; any text unless set. */
  readonly form?: OptionForm;
  /** Shown to nobody. */
  readonly isSecret?: boolean;
  /** @throws OptionError with what is needed; the option's name is added by the caller. */
  parse(texts: readonly string[]): T;
}

export type OptionForm =
  | { readonly kind: 'size' | 'switch' }
  /** `or`: a word that may stand in its place. */
  | { readonly kind: 'duration'; readonly or?: string }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;

export type OptionValues<S extends OptionSpecs> = {
  readonly [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never;
};

/** A mistake in what the user gave. `message` is one line that says what, where and what to do. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  /** The options, or the keys of a section, that do not go together; empty when one value is wrong by itself. */
  readonly about: readonly string[];

  constructor(message: string, about: readonly string[] = []) {
    super(message);
    this.about = about;
  }
}

export interface OptionSources {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As in `TRIBUTARY_GATEWAY_`. */
  readonly envPrefix: string;
  /** What the configuration file gives, by option: see config-keys.ts. */
  readonly file?: ReadonlyMap<string, FileOption>;
}

/** An option's value in a configuration file, parsed. */
export interface FileOption {
  readonly value: unknown;
  /** As a flag would be given them. */
  readonly texts: readonly string[];
  /** From 1. */
  readonly line: number;
}

/** Where a value came from, and how it was written there, one text for each time that it was given. */
export type OptionOrigin = { readonly texts: readonly string[] } & (
  | { readonly from: 'flag' | 'environment' | 'default' }
  | { readonly from: 'file'; readonly line: number }
);

export interface ResolvedOptions<S extends OptionSpecs> {
  readonly values: OptionValues<S>;
  /** Where each value came from. */
  readonly origins: ReadonlyMap<string, OptionOrigin>;
}

/** @throws OptionError for an unknown flag, a missing or bad value, or a stray word. */
export function parseOptions<S extends OptionSpecs>(specs: S, sources: OptionSources): OptionValues<S> {
  return resolveOptions(specs, sources).values;
}

/** As `parseOptions`, and tells where each value came from. */
export function resolveOptions<S extends OptionSpecs>(specs: S, sources: OptionSources): ResolvedOptions<S> {
  refuseMisspelt(specs, sources);
  const flags = readFlags(specs, sources.argv);
  const values: Record<string, unknown> = {};
  const origins = new Map<string, OptionOrigin>();
  for (const [name, spec] of Object.entries(specs)) {
    const variable = envName(sources.envPrefix, name);
    const fromEnv = sources.env[variable] ?? '';
    const flag = flags.get(name);
    const inFile = sources.file?.get(name);
    if (flag !== undefined) {
      values[name] = parseNamed(`--${name}`, spec, flag);
      origins.set(name, { from: 'flag', texts: flag });
    } else if (fromEnv !== '') {
      const texts = spec.repeatable ? fromEnv.split(',').map((text) => text.trim()) : [fromEnv];
      values[name] = parseNamed(variable, spec, texts);
      origins.set(name, { from: 'environment', texts });
    } else if (inFile !== undefined) {
      values[name] = inFile.value;
      origins.set(name, { from: 'file', line: inFile.line, texts: inFile.texts });
    } else {
      values[name] = spec.defaultValue;
      origins.set(name, { from: 'default', texts: defaultTexts(spec) });
    }
  }
  return { values: values as OptionValues<S>, origins };
}

function defaultTexts({ placeholder, defaultText, defaultValue }: OptionSpec<unknown>): readonly string[] {
  // In `--help` a switch is on or off.
  if (placeholder === '') return [`${defaultValue === true}`];
  return defaultText === '' ? [] : [defaultText];
}

/** `storage.retention.time` with `TRIBUTARY_GATEWAY_` is `TRIBUTARY_GATEWAY_STORAGE_RETENTION_TIME`. */
export function envName(prefix: string, option: string): string {
  return prefix + option.replaceAll(/[.-]/g, '_').toUpperCase();
}

/** Letters in which a variable may differ from the one that was meant, and the least length for a guess. */
const MISSPELT_LETTERS_MAX = 2;
const MISSPELT_LENGTH_MIN = 5;

/**
 * A variable that is nearly an option's is a mistake. Others that no option knows are let be: Kubernetes sets some for
 * every service, by the service's name, such as `TRIBUTARY_GATEWAY_PORT`.
 */
function refuseMisspelt(specs: OptionSpecs, { env, envPrefix }: OptionSources): void {
  const known = Object.keys(specs).map((option) => envName('', option));
  for (const variable of Object.keys(env)) {
    const rest = variable.startsWith(envPrefix) ? variable.slice(envPrefix.length) : '';
    if (rest.length < MISSPELT_LENGTH_MIN || known.includes(rest)) continue;
    const near = nearest(rest, known, MISSPELT_LETTERS_MAX);
    if (near !== undefined)
      throw new OptionError(`unknown variable ${variable}; did you mean ${envPrefix}${near}?`);
  }
}

/** The table of options for `--help`. */
export function describeOptions(specs: OptionSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const left = spec.placeholder === '' ? `--[no-]${name}` : `--${name} ${spec.placeholder}`;
    const note = spec.defaultText === '' ? '' : ` [${spec.defaultText}]`;
    return { left, right: spec.help + note };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

function readFlags(specs: OptionSpecs, argv: readonly string[]): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('--'))
      throw new OptionError(`unexpected argument ${JSON.stringify(word)}; see --help`);
    const equals = word.indexOf('=');
    const written = word.slice(2, equals < 0 ? undefined : equals);
    const { name, spec, negated } = findSpec(specs, written);
    let text = equals < 0 ? undefined : word.slice(equals + 1);
    if (spec.placeholder === '') {
      if (negated && text !== undefined) throw new OptionError(`--${written} takes no value`);
      text ??= negated ? 'false' : 'true';
    } else if (text === undefined) {
      text = argv[++i];
      if (text === undefined) throw new OptionError(`--${written} needs a value: ${spec.placeholder}`);
    }
    const before = given.get(name);
    if (before === undefined) given.set(name, [text]);
    else if (spec.repeatable) before.push(text);
    else throw new OptionError(`--${written} was given twice`);
  }
  return given;
}

function findSpec(
  specs: OptionSpecs,
  written: string,
): { name: string; spec: OptionSpec<unknown>; negated: boolean } {
  const spec = Object.hasOwn(specs, written) ? specs[written] : undefined;
  if (spec !== undefined) return { name: written, spec, negated: false };
  const positive = written.startsWith('no-') ? written.slice(3) : '';
  const negated = Object.hasOwn(specs, positive) ? specs[positive] : undefined;
  if (negated?.placeholder === '') return { name: positive, spec: negated, negated: true };
  const near = nearest(written, Object.keys(specs));
  throw new OptionError(
    `unknown flag --${written}${near === undefined ? '; see --help' : `; did you mean --${near}?`}`,
  );
}

function parseNamed<T>(where: string, spec: OptionSpec<T>, texts: readonly string[]): T {
  try {
    return spec.parse(texts);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(`${where}: ${error.message}`, error.about);
  }
}

interface Described {
  readonly help: string;
  readonly placeholder?: string;
}

function single<T>(
  described: Described,
  placeholder: string,
  defaultText: string,
  defaultValue: T,
  parse: (text: string) => T,
  form?: OptionForm,
): OptionSpec<T> {
  const { help } = described;
  return {
    help,
    placeholder: described.placeholder ?? placeholder,
    defaultText,
    defaultValue,
    repeatable: false,
    parse: (texts) => parse(texts[0] ?? ''),
    ...(form === undefined ? {} : { form }),
  };
}

/** A file or a folder; '' for none. */
export function pathOption(described: Described & { readonly default: string }): OptionSpec<string> {
  return { ...textOption({ placeholder: 'FILE', ...described }), isPath: true };
}

/** Any text, or what `check` makes of it (it throws OptionError). */
export function textOption(
  described: Described & { readonly default: string; readonly check?: (text: string) => string },
): OptionSpec<string> {
  const check = described.check ?? ((text: string) => text);
  return single(described, 'TEXT', described.default, described.default, check);
}

/** A duration in ms, at least `minMs`. */
export function durationOption(
  described: Described & { readonly defaultMs: number; readonly minMs?: number },
): OptionSpec<number> {
  const { defaultMs, minMs = 0 } = described;
  const parse = (text: string) => {
    const ms = parseDuration(text);
    if (ms === undefined) {
      if (isBareNumber(text)) throw new OptionError(`${text} has no unit; write it as ${text}s`);
      throw new OptionError(`${JSON.stringify(text)} is no duration; write it as 15s, 5m or 1h30m`);
    }
    if (ms < minMs)
      throw new OptionError(`${text} is too short; at least ${formatDuration(minMs)} is needed`);
    return ms;
  };
  return single(described, 'DURATION', formatDuration(defaultMs), defaultMs, parse, { kind: 'duration' });
}

function isBareNumber(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}

/** A size in bytes, at least `minBytes`. */
export function sizeOption(
  described: Described & { readonly defaultBytes: number; readonly minBytes?: number },
): OptionSpec<number> {
  const { defaultBytes, minBytes = 0 } = described;
  const parse = (text: string) => {
    const bytes = parseSize(text);
    if (bytes === undefined && isBareNumber(text))
      throw new OptionError(`${text} has no unit; write it as ${text}MB`);
    if (bytes === undefined)
      throw new OptionError(`${JSON.stringify(text)} is no size; write it as 512MB or 2GB`);
    if (bytes < minBytes)
      throw new OptionError(`${text} is too small; at least ${formatSize(minBytes)} is needed`);
    return bytes;
  };
  return single(described, 'SIZE', formatSize(defaultBytes), defaultBytes, parse, { kind: 'size' });
}

/** A whole number, at least `min`. */
export function numberOption(
  described: Described & { readonly default: number; readonly min: number; readonly max?: number },
): OptionSpec<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = described;
  const parse = (text: string) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw new OptionError(`${JSON.stringify(text)} is no whole number`);
    if (number < min) throw new OptionError(`${text} is too small; at least ${min} is needed`);
    if (number > max) throw new OptionError(`${text} is too large; at most ${max} can be`);
    return number;
  };
  const form = { kind: 'number', min, max } as const;
  return single(described, 'NUMBER', `${described.default}`, described.default, parse, form);
}

/** One of a few words. */
export function choiceOption<T extends string>(
  described: Described & { readonly choices: readonly T[]; readonly default: T },
): OptionSpec<T> {
  const { choices } = described;
  const parse = (text: string) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined)
      throw new OptionError(`${JSON.stringify(text)} is none of ${choices.join(', ')}`);
    return choice;
  };
  const placeholder = choices.join('|');
  return single(described, placeholder, described.default, described.default, parse, {
    kind: 'choice',
    choices,
  });
}

/** `--NAME` and `--no-NAME`. */
export function switchOption(described: Described & { readonly default: boolean }): OptionSpec<boolean> {
  const text = described.default ? 'on' : 'off';
  const parse = (word: string) => {
    if (word === 'true') return true;
    if (word === 'false') return false;
    throw new OptionError(`${JSON.stringify(word)} is neither true nor false`);
  };
  return single(described, '', text, described.default, parse, { kind: 'switch' });
}

/** Several `KEY=VALUE`. */
export function mapOption(
  described: Described & {
    readonly checkKey: (key: string) => void;
    readonly checkValue?: (value: string, key: string) => void;
  },
): OptionSpec<ReadonlyMap<string, string>> {
  return {
    help: described.help,
    placeholder: described.placeholder ?? 'KEY=VALUE',
    defaultText: '',
    defaultValue: new Map(),
    repeatable: true,
    isMap: true,
    parse: (texts) => {
      const map = new Map<string, string>();
      for (const text of texts) {
        const equals = text.indexOf('=');
        if (equals < 1) throw new OptionError(`${JSON.stringify(text)} is not KEY=VALUE`);
        const key = text.slice(0, equals);
        described.checkKey(key);
        if (map.has(key)) throw new OptionError(`${key} was given twice`);
        const value = text.slice(equals + 1);
        described.checkValue?.(value, key);
        map.set(key, value);
      }
      return map;
    },
  };
}

/** Several texts, in the order in which they were given, or what `parse` makes of them; an empty one is none. */
export function textsOption(
  described: Described & {
    /** @throws OptionError */
    readonly parse?: (texts: readonly string[]) => readonly string[];
  },
): OptionSpec<readonly string[]> {
  const { help, placeholder = 'TEXT', parse = (texts) => texts } = described;
  return {
    help,
    placeholder,
    defaultText: '',
    defaultValue: [],
    repeatable: true,
    parse: (texts) => parse(texts.filter((text) => text !== '')),
  };
}

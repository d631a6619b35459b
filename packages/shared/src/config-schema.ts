/**
 * What may stand in a configuration file, as data: single values (each an `OptionSpec`, which parses the text and says what
 * is wrong with it, the same that flags have), lists, and maps with known keys. config-read.ts holds a file against it;
 * help and defaults are in it, so that references can be made of it.
 *
 * There is no schema library: every value here is a text with a parser of its own (durations, sizes, addresses,
 * expressions), which such a library would wrap a second time, and what is left is the lists and maps below.
 */
import type { OptionSpec } from './options.ts';

export type ConfigSchema = ValueSchema<unknown> | ListSchema<ConfigSchema> | AnyObjectSchema;

/** One value; where the spec is repeatable, also a list of them, or a map if it `isMap`. */
export interface ValueSchema<T> {
  readonly kind: 'value';
  readonly spec: OptionSpec<T>;
  /** The option that it sets, if there is one. */
  readonly option: string | null;
}

export interface ListSchema<S> {
  readonly kind: 'list';
  readonly item: S;
  readonly itemsMax: number;
}

export type SchemaKeys = Readonly<Record<string, ConfigSchema>>;

/** `basic_auth` in a file is `basicAuth` in the program. */
type CamelCase<N extends string> = N extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : N;

/** A map of the file as the program has it: keys in camelCase, what does not stand there absent. */
export type ObjectOf<K extends SchemaKeys, R extends keyof K> = {
  readonly [N in R & string as CamelCase<N>]: ValueOf<K[N]>;
} & { readonly [N in Exclude<keyof K, R> & string as CamelCase<N>]?: ValueOf<K[N]> };

export interface ObjectSchema<K extends SchemaKeys, R extends keyof K> {
  readonly kind: 'object';
  readonly keys: K;
  readonly required: readonly R[];
  /** The key that a single value in place of the map sets: `cpu: true` is `cpu: {enabled: true}`. */
  readonly self: string | null;
  /** Keys of which only one may be given. */
  readonly oneOf: readonly (readonly string[])[];
}

/** Of whatever keys. */
export interface AnyObjectSchema {
  readonly kind: 'object';
  readonly keys: SchemaKeys;
  readonly required: readonly string[];
  readonly self: string | null;
  readonly oneOf: readonly (readonly string[])[];
}

export type ValueOf<S> =
  S extends ValueSchema<infer T>
    ? T
    : S extends ListSchema<infer I>
      ? readonly ValueOf<I>[]
      : S extends ObjectSchema<infer K, infer R>
        ? ObjectOf<K, R>
        : never;

/** How the program names a key of a file. */
export function camelCase(key: string): string {
  return key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export function value<T>(spec: OptionSpec<T>, option: string | null = null): ValueSchema<T> {
  return { kind: 'value', spec, option };
}

export function listOf<S extends ConfigSchema>(item: S, itemsMax: number): ListSchema<S> {
  return { kind: 'list', item, itemsMax };
}

/** A map with these keys. */
export function objectOf<K extends SchemaKeys, R extends keyof K & string = never>(
  keys: K,
  rules: {
    readonly required?: readonly R[];
    readonly oneOf?: readonly (readonly (keyof K & string)[])[];
  } = {},
): ObjectSchema<K, R> {
  return { kind: 'object', keys, required: rules.required ?? [], self: null, oneOf: rules.oneOf ?? [] };
}

/**
 * Which key of a configuration file stands for which flag, by rule: `--spool.keep-acked` is `spool: {keep_acked: …}`,
 * `--label a=b` is `labels: {a: b}`, `--collector.cpu` is `collectors: {cpu: true}`.
 */
import { type AnyObjectSchema, type ConfigSchema, type SchemaKeys, value } from './config-schema.ts';
import type { OptionSpec, OptionSpecs } from './options.ts';

interface Branch {
  spec: OptionSpec<unknown> | null;
  option: string;
  readonly below: Map<string, Branch>;
}

/** An option that chooses the file cannot stand in it. */
export const FILE_OPTION = 'config.file';

/**
 * The schema of a program's whole file.
 * @param sections what no flag has, by key.
 */
export function fileSchema(specs: OptionSpecs, sections: SchemaKeys = {}): AnyObjectSchema {
  const root = branch();
  for (const [name, spec] of Object.entries(specs)) {
    if (name === FILE_OPTION) continue;
    let at = root;
    for (const key of keysOf(name, spec)) {
      const next = at.below.get(key) ?? branch();
      at.below.set(key, next);
      at = next;
    }
    at.spec = spec;
    at.option = name;
  }
  // Each collector's value is on, off, or a map, whether or not it has options of its own.
  const collectors = root.below.get('collectors');
  const maps = new Set(collectors?.below.values());
  const top = toObject(root, maps);
  for (const key of Object.keys(sections)) {
    if (Object.hasOwn(top.keys, key)) throw new TypeError(`the section ${key} is the key of a flag`);
  }
  return { ...top, keys: { ...top.keys, ...sections } };
}

/** How a file names an option: `spool.keep_acked`. */
export function fileKey(name: string, spec: OptionSpec<unknown>): string {
  return keysOf(name, spec).join('.');
}

/** A message with the flags in it named as a file names them. */
export function inFileWords(message: string, specs: OptionSpecs): string {
  return message.replaceAll(/--([a-z][\w.-]*\w)/g, (flag, name: string) => {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    return spec === undefined ? flag : fileKey(name, spec);
  });
}

/** The key of an option whose key begins those of others as well: `cpu: {enabled: …, guest: …}`. */
export function selfKey({ placeholder }: OptionSpec<unknown>): string {
  return placeholder === '' ? 'enabled' : 'value';
}

function keysOf(name: string, spec: OptionSpec<unknown>): string[] {
  const keys = name.replaceAll('-', '_').split('.');
  // In the plural where a flag names one of several: `--collector.cpu`, `--label a=b`.
  if (keys[0] === 'collector' && keys.length > 1) keys[0] = 'collectors';
  if (spec.isMap === true) keys.push(`${keys.pop()}s`);
  return keys;
}

function branch(): Branch {
  return { spec: null, option: '', below: new Map() };
}

function toSchema(from: Branch, maps: ReadonlySet<Branch>): ConfigSchema {
  const { spec, option, below } = from;
  if (spec !== null && below.size === 0 && !maps.has(from)) return value(spec, option);
  return toObject(from, maps);
}

/** A name that is an option and begins others' names as well has itself among the keys: `cpu: {enabled: …, guest: …}`. */
function toObject({ spec, option, below }: Branch, maps: ReadonlySet<Branch>): AnyObjectSchema {
  const keys: Record<string, ConfigSchema> = {};
  const self = spec === null ? null : selfKey(spec);
  if (spec !== null && self !== null) {
    if (below.has(self)) throw new TypeError(`--${option} and --${option}.${self} have one key in the file`);
    keys[self] = value(spec, option);
  }
  for (const [key, next] of below) keys[key] = toSchema(next, maps);
  return { kind: 'object', keys, required: [], self, oneOf: [] };
}

/**
 * `--print-config`: the configuration as it is in effect, as a YAML file that gives the same, each value with where it came
 * from behind it. Secrets are not shown.
 */
import type { ConfigFile } from './config-file.ts';
import { FILE_OPTION, fileKey, selfKey } from './config-keys.ts';
import type { ConfigSchema, SchemaKeys } from './config-schema.ts';
import type { ConfigNode } from './config-tree.ts';
import { printable } from './names.ts';
import { envName, type OptionOrigin, type OptionSpec, type OptionSpecs } from './options.ts';
import { redact, SECRET_SHOWN } from './redact.ts';

export interface EffectiveConfig {
  /** The program's name. */
  readonly program: string;
  readonly specs: OptionSpecs;
  readonly origins: ReadonlyMap<string, OptionOrigin>;
  readonly envPrefix: string;
  readonly file: Pick<ConfigFile<SchemaKeys>, 'file' | 'sectionNodes'> | null;
  readonly sections: SchemaKeys;
  /** A path as flags and environment have it, to one that holds wherever the output is read. */
  resolvePath(path: string): string;
  /** Likewise of a path in the file. */
  resolveInFile(path: string): string;
}

interface Leaf {
  /** YAML on the key's own line; '' for a value that is not given. */
  readonly text: string;
  readonly source: string;
}

type Tree = Map<string, Leaf | Tree>;

/** @returns YAML, a line for each option, and the sections as they are written. */
export function printConfig(config: EffectiveConfig): string {
  const { program, specs, origins, file, sections } = config;
  const tree: Tree = new Map();
  const keys = new Map(Object.entries(specs).map(([name, spec]) => [fileKey(name, spec), name]));
  const isBranch = (key: string) => [...keys.keys()].some((other) => other.startsWith(`${key}.`));
  for (const [key, name] of keys) {
    const [spec, origin] = [specs[name], origins.get(name)];
    if (spec === undefined || origin === undefined || name === FILE_OPTION) continue;
    const path = key.split('.');
    if (isBranch(key)) path.push(selfKey(spec));
    const resolve = (text: string) => (text === '' ? '' : config.resolvePath(text));
    const texts = spec.isPath === true ? origin.texts.map(resolve) : origin.texts;
    put(tree, path, { text: textOf(spec, texts), source: sourceOf(name, origin, config) });
  }
  const lines = [`# The configuration of ${program} as it is in effect.`, ...linesOf(tree, '')];
  for (const [key, node] of file?.sectionNodes ?? []) {
    const schema = sections[key];
    if (schema === undefined || file === null) continue;
    const below = sectionLines(node, schema, '  ', config);
    const head = below.length === 0 ? `${key}: ${emptyOf(node)}` : `${key}:`;
    lines.push(`${head}  # ${placeIn(file.file, node.line)}`, ...below);
  }
  return `${lines.join('\n')}\n`;
}

function put(tree: Tree, path: readonly string[], leaf: Leaf): void {
  let at = tree;
  for (const key of path.slice(0, -1)) {
    const next = at.get(key);
    const below: Tree = next instanceof Map ? next : new Map();
    at.set(key, below);
    at = below;
  }
  at.set(path.at(-1) ?? '', leaf);
}

function linesOf(tree: Tree, indent: string): string[] {
  return [...tree].flatMap(([key, value]) => {
    if (value instanceof Map) return [`${indent}${key}:`, ...linesOf(value, `${indent}  `)];
    return [`${indent}${key}:${value.text === '' ? '' : ` ${value.text}`}  # ${value.source}`];
  });
}

function sourceOf(name: string, origin: OptionOrigin, { envPrefix, file }: EffectiveConfig): string {
  if (origin.from === 'flag') return `--${name}`;
  if (origin.from === 'environment') return envName(envPrefix, name);
  return origin.from === 'file' ? placeIn(file?.file ?? '', origin.line) : 'default';
}

/** A name with a newline in it would end the comment. */
function placeIn(file: string, line: number): string {
  return `${printable(file)}:${line}`;
}

function emptyOf({ kind }: ConfigNode): string {
  return kind === 'list' ? '[]' : '{}';
}

function textOf(spec: OptionSpec<unknown>, texts: readonly string[]): string {
  if (texts.length === 0) return '';
  if (spec.isMap === true) {
    const pairs = texts.map((text) => {
      const equals = text.indexOf('=');
      return `${JSON.stringify(text.slice(0, equals))}: ${quoted(spec, text.slice(equals + 1))}`;
    });
    return `{ ${pairs.join(', ')} }`;
  }
  if (spec.repeatable) return `[${texts.map((text) => quoted(spec, text)).join(', ')}]`;
  return scalar(shown(spec, texts[0] ?? ''));
}

function shown({ isSecret }: OptionSpec<unknown>, text: string): string {
  return isSecret === true ? SECRET_SHOWN : hide(text);
}

/** Whatever a URL has before its last @, and the values of its query: a token may be among them. */
function hide(text: string): string {
  if (!text.includes('://')) return redact(text);
  return redact(text.replace(/(:\/\/)[^\s?#]*@/g, '$1…@').replace(/([?&][^=&\s#]+=)[^&\s#]+/g, '$1…'));
}

function quoted(spec: OptionSpec<unknown>, text: string): string {
  return JSON.stringify(shown(spec, text));
}

/** Without quotes where YAML needs none, whatever stands before it or behind it. */
const PLAIN = /^[\w/.][\w./@%+-]*(:[\w./@%+-]+)*$/;
const NULLS = /^(null|~)$/i;

function scalar(text: string): string {
  return PLAIN.test(text) && !NULLS.test(text) ? text : JSON.stringify(text);
}

function sectionLines(
  node: ConfigNode,
  schema: ConfigSchema,
  indent: string,
  config: EffectiveConfig,
): string[] {
  if (node.kind === 'scalar') return [`${indent}${scalarOf(node, schema, config)}`];
  if (node.kind === 'list') {
    return node.items.flatMap((item) => {
      const [first = '', ...others] = sectionLines(item, itemSchema(schema), `${indent}  `, config);
      return [`${indent}- ${first.trimStart()}`, ...others];
    });
  }
  return node.entries.flatMap(({ key, value }) => {
    const below = entrySchema(schema, key);
    const name = `${indent}${scalar(key)}:`;
    if (value.kind === 'scalar') return [`${name} ${scalarOf(value, below, config)}`.trimEnd()];
    const lines = sectionLines(value, below, `${indent}  `, config);
    return lines.length === 0 ? [`${name} ${emptyOf(value)}`] : [name, ...lines];
  });
}

function itemSchema(schema: ConfigSchema): ConfigSchema {
  return schema.kind === 'list' ? schema.item : schema;
}

/** The values of a map that is one option are that option's. */
function entrySchema(schema: ConfigSchema, key: string): ConfigSchema {
  return (schema.kind === 'object' ? schema.keys[key] : undefined) ?? schema;
}

function scalarOf(
  { text, type }: ConfigNode & { kind: 'scalar' },
  schema: ConfigSchema,
  { resolveInFile }: EffectiveConfig,
): string {
  if (type === 'null') return '';
  if (schema.kind !== 'value') return scalar(hide(text));
  const { spec } = schema;
  return scalar(shown(spec, spec.isPath === true && text !== '' ? resolveInFile(text) : text));
}

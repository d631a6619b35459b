/**
 * Holds a file's tree against a schema: every value parsed and every mistake told, each with its line and its path, such as
 * `targets[0].basic_auth.password`. What is wrong in one place does not keep the rest from being looked at.
 */
import {
  type AnyObjectSchema,
  type ConfigSchema,
  camelCase,
  type ListSchema,
  type ValueSchema,
} from './config-schema.ts';
import type { ConfigEntry, ConfigMap, ConfigNode, ConfigProblem, ConfigScalar } from './config-tree.ts';
import { knownKeys, unknownKey } from './config-unknown-key.ts';
import { quote } from './names.ts';
import { type FileOption, OptionError } from './options.ts';
import { SECRET_SHOWN } from './redact.ts';

export interface ReadContext {
  /** A path as the file names it, to one that holds for the program. */
  resolvePath(path: string): string;
  /** A message of an option's parser in the words of a file: see `inFileWords`. */
  inFileWords(message: string): string;
}

export interface FileContents {
  /** By option. */
  readonly options: ReadonlyMap<string, FileOption>;
  /** By key of the top level, in camelCase; options among them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Lines of all that stands in the file, by path: `targets[0].basic_auth.password`. */
  readonly lines: ReadonlyMap<string, number>;
  /** In the order of the file; the first hundreds of them. */
  readonly problems: readonly ConfigProblem[];
  /** How many more there are. */
  readonly untold: number;
}

/** A message may take longer to make than the value to read, and nobody reads so many. */
const PROBLEMS_MAX = 500;

/** A value that is absent, or that was told to be wrong. */
const NOTHING = undefined;

export function readFileTree(
  tree: ConfigNode | null,
  schema: AnyObjectSchema,
  context: ReadContext,
): FileContents {
  const reader = new Reader(schema, context);
  const values = tree === null ? NOTHING : reader.read(schema, tree, '');
  const problems = reader.problems.sort((a, b) => a.line - b.line);
  return {
    options: reader.options,
    lines: reader.lines,
    values: (values ?? {}) as Readonly<Record<string, unknown>>,
    problems,
    untold: reader.mistakes - problems.length,
  };
}

class Reader {
  readonly problems: ConfigProblem[] = [];
  /** Those too that are not among the problems. */
  mistakes = 0;
  readonly options = new Map<string, FileOption>();
  readonly lines = new Map<string, number>();
  readonly #root: AnyObjectSchema;
  readonly #context: ReadContext;

  constructor(root: AnyObjectSchema, context: ReadContext) {
    this.#root = root;
    this.#context = context;
  }

  read(schema: ConfigSchema, node: ConfigNode, path: string): unknown {
    this.lines.set(path, node.line);
    if (node.kind === 'scalar' && node.type === 'null') return NOTHING;
    if (schema.kind === 'value') return this.#value(schema, node, path);
    if (schema.kind === 'list') return this.#list(schema, node, path);
    return this.#object(schema, node, path);
  }

  #value(schema: ValueSchema<unknown>, node: ConfigNode, path: string): unknown {
    const before = this.mistakes;
    const texts = this.#texts(schema, node, path);
    if (this.mistakes > before) return NOTHING;
    if (texts.some((text) => isHidden(schema.spec, text))) {
      this.#tell(node.line, path, 'this was printed without its secret, which has to be put in again');
      return NOTHING;
    }
    const parsed = this.#try(node.line, path, () => schema.spec.parse(texts));
    if (parsed !== NOTHING && schema.option !== null)
      this.options.set(schema.option, { value: parsed, line: node.line, texts });
    return parsed;
  }

  /** What a flag would be given, one text for each time. */
  #texts({ spec }: ValueSchema<unknown>, node: ConfigNode, path: string): string[] {
    if (spec.isMap === true) return this.#pairs(spec, node, path);
    if (node.kind === 'scalar') return [this.#text(spec, node)];
    if (node.kind === 'map' || !spec.repeatable) {
      const needed = spec.repeatable ? 'a value or a list of values' : 'a single value';
      this.#tell(node.line, path, `${needed} is needed here, not ${kindOf(node)}`);
      return [];
    }
    return node.items.flatMap((item, i) => {
      const itemPath = `${path}[${i}]`;
      this.lines.set(itemPath, item.line);
      if (item.kind === 'scalar' && item.type === 'null') {
        this.#tell(item.line, itemPath, 'a value is needed here');
        return [];
      }
      if (item.kind !== 'scalar') {
        this.#tell(item.line, itemPath, `a single value is needed here, not ${kindOf(item)}`);
        return [];
      }
      const text = this.#text(spec, item);
      // By itself first, so that a mistake is told in its own line.
      this.#try(item.line, itemPath, () => spec.parse([text]));
      return [text];
    });
  }

  #pairs(spec: ValueSchema<unknown>['spec'], node: ConfigNode, path: string): string[] {
    if (node.kind !== 'map') {
      this.#tell(node.line, path, `a map is needed here (KEY: VALUE), not ${kindOf(node)}`);
      return [];
    }
    return node.entries.flatMap(({ key, line, value }) => {
      const entryPath = join(path, key);
      this.lines.set(entryPath, line);
      if (value.kind !== 'scalar') {
        this.#tell(value.line, entryPath, `a single value is needed here, not ${kindOf(value)}`);
        return [];
      }
      if (value.type === 'null') return [];
      if (key === '' || key.includes('=')) {
        this.#tell(line, path, `${quote(key)} cannot be a key here`);
        return [];
      }
      const text = `${key}=${value.text}`;
      this.#try(line, path, () => spec.parse([text]));
      return [text];
    });
  }

  #text(spec: ValueSchema<unknown>['spec'], node: ConfigScalar): string {
    // YAML has `True` and `TRUE` as well.
    if (spec.placeholder === '' && node.type === 'boolean') return node.text.toLowerCase();
    return spec.isPath === true && node.text !== '' ? this.#context.resolvePath(node.text) : node.text;
  }

  #list(schema: ListSchema<ConfigSchema>, node: ConfigNode, path: string): unknown {
    if (node.kind !== 'list') {
      this.#tell(
        node.line,
        path,
        `a list is needed here ("- " begins each of its items), not ${kindOf(node)}`,
      );
      return NOTHING;
    }
    if (node.items.length > schema.itemsMax) {
      this.#tell(
        node.line,
        path,
        `at most ${schema.itemsMax} items may stand here, not ${node.items.length}`,
      );
      return NOTHING;
    }
    return node.items.map((item, i) => {
      if (item.kind === 'scalar' && item.type === 'null')
        this.#tell(item.line, `${path}[${i}]`, 'the item is empty');
      return this.read(schema.item, item, `${path}[${i}]`);
    });
  }

  #object(schema: AnyObjectSchema, node: ConfigNode, path: string): unknown {
    const self = schema.self === null ? undefined : schema.keys[schema.self];
    if (node.kind === 'scalar' && self !== undefined) return this.read(self, node, path);
    if (node.kind !== 'map') {
      const needed = `${self === undefined ? '' : 'a single value or '}a map (${knownKeys(schema)})`;
      this.#tell(node.line, path, `${needed} is needed here, not ${kindOf(node)}`);
      return NOTHING;
    }
    const before = this.mistakes;
    const given: Record<string, unknown> = {};
    for (const entry of node.entries) this.#entry(schema, entry, path, given);
    for (const key of schema.required) {
      const entry = node.entries.find((candidate) => candidate.key === key);
      if (entry === undefined) this.#tell(node.line, path, `${key} is missing`);
      else if (isNull(entry.value)) this.#tell(entry.line, join(path, key), 'a value is needed here');
    }
    for (const keys of schema.oneOf) this.#refuseSeveral(keys, node, path);
    return this.mistakes > before ? NOTHING : given;
  }

  #refuseSeveral(keys: readonly string[], node: ConfigMap, path: string): void {
    const present = node.entries.filter(({ key, value }) => keys.includes(key) && !isNull(value));
    const last = present.at(-1);
    if (last === undefined || present.length === 1) return;
    const names = present.map(({ key }) => key).join(' and ');
    this.#tell(last.line, path, `${names} cannot be given together`);
  }

  #entry(schema: AnyObjectSchema, entry: ConfigEntry, path: string, given: Record<string, unknown>): void {
    const below = Object.hasOwn(schema.keys, entry.key) ? schema.keys[entry.key] : undefined;
    if (below === undefined) {
      this.#tell(entry.line, '', () => unknownKey(this.#root, schema, path, entry.key));
      return;
    }
    const value = this.read(below, entry.value, join(path, entry.key));
    if (value !== NOTHING) given[camelCase(entry.key)] = value;
  }

  #try(line: number, path: string, make: () => unknown): unknown {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.#tell(line, path, this.#context.inFileWords(error.message));
      return NOTHING;
    }
  }

  #tell(line: number, path: string, message: string | (() => string)): void {
    this.mistakes++;
    if (this.problems.length >= PROBLEMS_MAX) return;
    const text = typeof message === 'string' ? message : message();
    this.problems.push({ line, message: path === '' ? text : `${path}: ${text}` });
  }
}

/** What --print-config shows in place of a secret. */
function isHidden({ isSecret, isMap }: ValueSchema<unknown>['spec'], text: string): boolean {
  if (/:\/\/…@|[?&][^=&\s#]+=…/.test(text)) return true;
  return isSecret === true && (isMap === true ? text.endsWith(`=${SECRET_SHOWN}`) : text === SECRET_SHOWN);
}

function kindOf(node: ConfigNode): string {
  return node.kind === 'scalar' ? 'a single value' : `a ${node.kind}`;
}

function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.type === 'null';
}

function join(path: string, key: string): string {
  const shown = /^[\w-]+$/.test(key) ? key : quote(key);
  return path === '' ? shown : `${path}.${shown}`;
}

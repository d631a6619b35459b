/**
 * A program's configuration file, from its tree to values, with every mistake as one line `FILE:LINE: message`. Who reads
 * the file itself is @tributary/program, since there is no file system here.
 */
import { fileSchema, inFileWords } from './config-keys.ts';
import { readFileTree } from './config-read.ts';
import { camelCase, type ObjectOf, type SchemaKeys } from './config-schema.ts';
import type { ConfigNode, ConfigProblem, ConfigReading } from './config-tree.ts';
import { printable } from './names.ts';
import { type FileOption, OptionError, type OptionOrigin, type OptionSpecs } from './options.ts';

/** What a valid file says. */
export interface ConfigFile<K extends SchemaKeys> {
  /** As it was given on the command line. */
  readonly file: string;
  readonly options: ReadonlyMap<string, FileOption>;
  readonly sections: ObjectOf<K, never>;
  /** The sections as they are written, by key. */
  readonly sectionNodes: ReadonlyMap<string, ConfigNode>;
  /** Of everything in it, by path: `targets[0].basic_auth.password`. */
  readonly lines: ReadonlyMap<string, number>;
}

/** A file that is not valid. `message` has one line for each mistake. */
export class ConfigFileError extends OptionError {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** Nobody reads on after so many. */
const MISTAKES_MAX = 20;
const MESSAGE_CHARS_MAX = 400;

export interface ConfigFileRules<K extends SchemaKeys> {
  readonly specs: OptionSpecs;
  /** What no flag has: see config-schema.ts. */
  readonly sections: K;
  /** A path as the file names it, to one that holds for the program. */
  resolvePath(path: string): string;
}

/** @throws ConfigFileError with all mistakes, up to a bound. */
export function takeConfigFile<K extends SchemaKeys>(
  file: string,
  reading: ConfigReading,
  { specs, sections, resolvePath }: ConfigFileRules<K>,
): ConfigFile<K> {
  const contents = readFileTree(reading.tree, fileSchema(specs, sections), {
    resolvePath,
    inFileWords: (message) => inFileWords(message, specs),
  });
  refuse(file, [...reading.problems, ...contents.problems], contents.untold);
  const names = Object.keys(sections).map(camelCase);
  const given = Object.entries(contents.values).filter(([name]) => names.includes(name));
  const entries = reading.tree?.kind === 'map' ? reading.tree.entries : [];
  const nodes = entries.filter(({ key }) => Object.hasOwn(sections, key));
  return {
    file,
    options: contents.options,
    lines: contents.lines,
    sectionNodes: new Map(nodes.map(({ key, value }) => [key, value])),
    sections: Object.fromEntries(given) as ObjectOf<K, never>,
  };
}

/** @param untold how many there are beside these. @throws ConfigFileError if there are any. */
function refuse(file: string, problems: readonly ConfigProblem[], untold = 0): void {
  if (problems.length === 0) return;
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const lines = sorted.slice(0, MISTAKES_MAX).map((problem) => lineOf(file, problem));
  const more = sorted.length - lines.length + untold;
  if (more > 0) lines.push(`${file}: and ${more} mistakes more`);
  throw new ConfigFileError(lines);
}

function lineOf(file: string, { line, message }: ConfigProblem): string {
  const cut = message.length > MESSAGE_CHARS_MAX ? `${message.slice(0, MESSAGE_CHARS_MAX)}…` : message;
  return `${file}${line === 0 ? '' : `:${line}`}: ${printable(cut)}`;
}

/**
 * Mistakes that show only once everything is put together. Those that are about options or keys of the file are told with
 * their line in it.
 * @throws OptionError if there are any; a ConfigFileError if one of them is the file's.
 */
export function refuseTogether(
  mistakes: readonly OptionError[],
  {
    origins,
    file,
    specs,
  }: {
    readonly origins: ReadonlyMap<string, OptionOrigin>;
    readonly file: Pick<ConfigFile<SchemaKeys>, 'file' | 'lines'> | null;
    readonly specs: OptionSpecs;
  },
): void {
  const [first] = mistakes;
  if (first === undefined) return;
  if (file === null) throw first;
  const problems = mistakes.flatMap(({ message, about }) => {
    const lines = about.flatMap((name) => {
      const origin = origins.get(name);
      if (origin === undefined) return lineOfPath(name, file.lines);
      return origin.from === 'file' ? [origin.line] : [];
    });
    if (lines.length === 0) return [];
    // Flags stay flags where only some are from the file.
    const words = lines.length === about.length ? inFileWords(message, specs) : message;
    return [{ line: Math.max(...lines), message: words }];
  });
  refuse(file.file, problems);
  throw first;
}

/** The line of what stands at that path, or else around it. */
function lineOfPath(path: string, lines: ReadonlyMap<string, number>): number[] {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.'), at.lastIndexOf('[')))) {
    const line = lines.get(at);
    if (line !== undefined) return [line];
  }
  return [];
}

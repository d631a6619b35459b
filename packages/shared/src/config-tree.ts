/**
 * A configuration file once it is read, before anyone knows what its keys mean: a tree that keeps the line of everything,
 * so that every later mistake can be told with its place. Plain data, so that it can come from another process as JSON.
 */

export type ConfigNode = ConfigScalar | ConfigList | ConfigMap;

export interface ConfigScalar {
  readonly kind: 'scalar';
  /** Of the file, from 1. */
  readonly line: number;
  /** As it is written, without quotes: `1.10` is not 1.1. */
  readonly text: string;
  /** What YAML takes it for; in quotes all is text. */
  readonly type: 'text' | 'number' | 'boolean' | 'null';
}

export interface ConfigList {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly ConfigNode[];
}

export interface ConfigMap {
  readonly kind: 'map';
  readonly line: number;
  /** Each key once. */
  readonly entries: readonly ConfigEntry[];
}

export interface ConfigEntry {
  readonly key: string;
  readonly line: number;
  readonly value: ConfigNode;
}

/** A mistake in a file. */
export interface ConfigProblem {
  /** From 1; 0 for one that is not in a line, such as a file that is not there. */
  readonly line: number;
  /** One line of text. */
  readonly message: string;
}

/** What reading a file comes to; the tree is null when the file is empty, and when it cannot be read at all. */
export interface ConfigReading {
  readonly tree: ConfigNode | null;
  readonly problems: readonly ConfigProblem[];
}

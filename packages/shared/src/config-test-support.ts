/** Trees for tests, where there is no parser: each key, item and value that begins a line in YAML has the next line. */
import type { ConfigNode } from './config-tree.ts';

/** @param file as JSON would have it; null for an empty file. */
export function parsed(file: unknown): ConfigNode | null {
  let line = 0;
  const nodeOf = (item: unknown, at: number): ConfigNode => {
    if (Array.isArray(item)) {
      const items = item.map((each) => nodeOf(each, isNested(each) ? line + 1 : ++line));
      return { kind: 'list', line: items[0]?.line ?? at, items };
    }
    if (typeof item === 'object' && item !== null) {
      const entries = Object.entries(item).map(([key, below]) => {
        line++;
        return { key, line, value: nodeOf(below, line) };
      });
      return { kind: 'map', line: entries[0]?.line ?? at, entries };
    }
    return { kind: 'scalar', line: at, text: item === null ? '' : String(item), type: typeOf(item) };
  };
  return file === null ? null : nodeOf(file, 1);
}

function isNested(item: unknown): boolean {
  return typeof item === 'object' && item !== null && Object.keys(item).length > 0;
}

function typeOf(item: unknown): 'text' | 'number' | 'boolean' | 'null' {
  if (item === null) return 'null';
  if (typeof item === 'number' || typeof item === 'boolean') return typeof item as 'number' | 'boolean';
  return 'text';
}

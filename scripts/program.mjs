/** How the two programs are started from this folder: the same Node, and the same V8 flags, as the installed commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './ensure-installed.mjs';

export const PROGRAMS = ['gateway', 'reporter'];

/** The arguments for `node` that start a program. */
export function nodeArguments(name, args) {
  return [...nodeFlags(name), binOf(name), ...args];
}

/** The V8 flags that `#!/usr/bin/env -S node --flag …` gives the installed command. */
export function nodeFlags(name) {
  const [, flags] = /^#!\S+(?:\s+-S)?\s+node\b(.*)/.exec(readFileSync(binOf(name), 'utf8')) ?? [];
  return flags?.trim().split(/\s+/).filter(Boolean) ?? [];
}

function binOf(name) {
  return join(repository, 'packages', name, 'bin', `tributary-${name}.js`);
}

/** How the two programs are started from this folder: the same Node, and the same V8 flags, as the installed commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './ensure-installed.mjs';

export const PROGRAMS = ['gateway', 'reporter'];

/** The arguments for `node` that start a program. */
export function nodeArguments(name, args) {
  const bin = join(repository, 'packages', name, 'bin', `tributary-${name}.js`);
  return [...shebangFlags(readFileSync(bin, 'utf8')), bin, ...args];
}

/** The V8 flags that `#!/usr/bin/env -S node --flag …` gives the installed command. */
function shebangFlags(text) {
  const [, flags] = /^#!\S+(?:\s+-S)?\s+node\b(.*)/.exec(text) ?? [];
  return flags?.trim().split(/\s+/).filter(Boolean) ?? [];
}

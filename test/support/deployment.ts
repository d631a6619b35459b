/** What files of deploy/ say to the two programs, held against what these know. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import {
  ENV_PREFIX as GATEWAY_PREFIX,
  OPTION_SPECS as GATEWAY_SPECS,
} from '../../packages/gateway/src/config.ts';
import {
  ENV_PREFIX as REPORTER_PREFIX,
  OPTION_SPECS as REPORTER_SPECS,
} from '../../packages/reporter/src/config.ts';
import { envName, type OptionSpecs, parseOptions } from '../../packages/shared/src/options.ts';
import { REPOSITORY } from './programs.ts';

export type ProgramName = 'gateway' | 'reporter';
export type Environment = Readonly<Record<string, string>>;

const PROGRAMS = {
  gateway: { specs: GATEWAY_SPECS as OptionSpecs, envPrefix: GATEWAY_PREFIX, command: 'serve' },
  reporter: { specs: REPORTER_SPECS as OptionSpecs, envPrefix: REPORTER_PREFIX, command: 'run' },
};

/**
 * What is in effect with these words and variables, by the name of the flag.
 * @throws Error where the program would refuse to start, and for a variable of its prefix that it does not know
 */
export function optionsOf(
  name: ProgramName,
  words: readonly string[],
  env: Environment,
): Readonly<Record<string, unknown>> {
  const { specs, envPrefix, command } = PROGRAMS[name];
  const known = new Set(Object.keys(specs).map((flag) => envName(envPrefix, flag)));
  for (const variable of Object.keys(env))
    if (variable.startsWith('TRIBUTARY_') && !known.has(variable))
      throw new Error(`${variable} is no option of the ${name}`);
  if (words[0] !== command) throw new Error(`the ${name} is told to ${words[0]}`);
  return parseOptions(specs, { argv: words.slice(1), env, envPrefix });
}

/** Every document of a YAML file. @param path beneath the repository */
export function readYaml(path: string): readonly unknown[] {
  return loadAll(readFileSync(join(REPOSITORY, path), 'utf8'));
}

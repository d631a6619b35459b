/** The reporter's file: where it is found, and what checks and prints it. What it may say is in config.ts. */
import { dirname, resolve } from 'node:path';
import {
  checkConfig as check,
  createLoader as create,
  loadConfig,
  takeConfig,
} from '@tributary/program/load-config';
import type { ConfigReading } from '@tributary/shared/config-tree';
import { printConfig as print } from '@tributary/shared/print-config';
import {
  checkFile,
  ENV_PREFIX,
  FILE_RULES,
  findFile,
  type ReporterFile,
  type ReporterOptions,
  readOptions,
  readOrigins,
} from './config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError; ConfigFileError when the file is not valid. */
export async function loadOptions(argv: readonly string[], env: Environment): Promise<ReporterOptions> {
  return readOptions(argv, env, await loadFile(argv, env));
}

/** See `createLoader` of @tributary/program. */
export function createLoader(argv: readonly string[], env: Environment): () => Promise<ReporterOptions> {
  const find = () => findFile(argv, env);
  return create(FILE_RULES, find, (file) => readOptions(argv, env, file));
}

/** Of each option how it is written, and where. @throws as `loadOptions` */
export async function loadOrigins(
  argv: readonly string[],
  env: Environment,
): Promise<ReturnType<typeof readOrigins>> {
  return readOrigins(argv, env, await loadFile(argv, env));
}

/** `check-config FILE`. @returns what to print. @throws OptionError; ConfigFileError */
export async function checkConfig(argv: readonly string[]): Promise<string> {
  return await check(argv, FILE_RULES, checkFile);
}

/** `--print-config`. @throws OptionError; ConfigFileError */
export async function printConfig(argv: readonly string[], env: Environment): Promise<string> {
  const file = await loadFile(argv, env);
  const origins = readOrigins(argv, env, file);
  const { specs, sections } = FILE_RULES;
  return print({
    program: 'tributary-reporter',
    specs,
    origins,
    envPrefix: ENV_PREFIX,
    file,
    sections,
    resolvePath: (path) => resolve(path),
    resolveInFile: (path) => resolve(dirname(resolve(file?.file ?? '')), path),
  });
}

async function loadFile(argv: readonly string[], env: Environment): Promise<ReporterFile | null> {
  const file = findFile(argv, env);
  return file === '' ? null : await loadConfig(file, FILE_RULES);
}

/** @throws ConfigFileError */
export function takeFile(file: string, reading: ConfigReading): ReporterFile {
  return takeConfig(file, reading, FILE_RULES);
}

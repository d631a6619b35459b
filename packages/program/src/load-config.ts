/** What the programs do alike with their configuration files: read one, and check one for people. */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type ConfigFile,
  ConfigFileError,
  type ConfigFileRules,
  takeConfigFile,
} from '@tributary/shared/config-file';
import type { SchemaKeys } from '@tributary/shared/config-schema';
import type { ConfigReading } from '@tributary/shared/config-tree';
import { OptionError } from '@tributary/shared/options';

/** What a program's file may say. */
export type FileRules<K extends SchemaKeys> = Pick<ConfigFileRules<K>, 'specs' | 'sections'>;

/** @throws ConfigFileError when the file is not valid, or cannot be read. */
export async function loadConfig<K extends SchemaKeys>(
  file: string,
  rules: FileRules<K>,
): Promise<ConfigFile<K>> {
  // Late, because most reporters have no file, and a parser of YAML takes memory.
  const { readConfigFile } = await import('./read-config-file.ts');
  return takeConfig(file, await readConfigFile(file), rules);
}

/** @throws ConfigFileError */
export function takeConfig<K extends SchemaKeys>(
  file: string,
  reading: ConfigReading,
  rules: FileRules<K>,
): ConfigFile<K> {
  const folder = dirname(resolve(file));
  return takeConfigFile(file, reading, { ...rules, resolvePath: (path) => resolve(folder, path) });
}

/**
 * `check-config FILE`, whatever flags and environment say.
 * @param check looks at what goes together in a file that is valid by itself.
 * @returns what to print.
 * @throws OptionError; ConfigFileError when the file is not valid.
 */
export async function checkConfig<K extends SchemaKeys>(
  argv: readonly string[],
  rules: FileRules<K>,
  check: (file: ConfigFile<K>) => void,
): Promise<string> {
  const [file, ...others] = argv;
  if (file === undefined || file === '' || others.length > 0)
    throw new OptionError('check-config takes the name of one file');
  check(await loadConfig(file, rules));
  return `${file} is valid`;
}

/**
 * Reads the same again each time, for a program that is told to read its configuration anew.
 * @param find the file's name; '' for none
 * @param read makes options of what the file says
 * @returns throws OptionError; ConfigFileError when the file is not valid, or most likely half written
 */
export function createLoader<K extends SchemaKeys, O>(
  rules: FileRules<K>,
  find: () => string,
  read: (file: ConfigFile<K> | null) => O,
): () => Promise<O> {
  let wasThere = false;
  let isFirst = true;
  return async () => {
    const name = find();
    if (!isFirst && name !== '') await refusePipe(name);
    const file = name === '' ? null : await loadConfig(name, rules);
    const isEmpty = file !== null && file.lines.size === 0;
    if (isEmpty && wasThere)
      throw new ConfigFileError([
        `${name}: the file is empty, and was not before; write {} into it if that is meant`,
      ]);
    const options = read(file);
    isFirst = false;
    wasThere = !isEmpty;
    return options;
  };
}

/** What comes out of a pipe comes once. */
async function refusePipe(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null || found.isFile() || found.isDirectory()) return;
  throw new ConfigFileError([`${file}: what is no regular file cannot be read a second time`]);
}

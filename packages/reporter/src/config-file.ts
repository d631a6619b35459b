/** The reporter's file: where it is found, and what checks it. What it may say is in config.ts. */
import { dirname, resolve } from 'node:path';
import { takeConfigFile } from '@tributary/shared/config-file';
import type { ConfigReading } from '@tributary/shared/config-tree';
import { OptionError } from '@tributary/shared/options';
import {
  checkFile,
  FILE_SECTIONS,
  findFile,
  OPTION_SPECS,
  type ReporterFile,
  type ReporterOptions,
  readOptions,
} from './config.ts';

/** @throws OptionError; ConfigFileError when the file is not valid. */
export async function loadOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ReporterOptions> {
  const file = findFile(argv, env);
  return file === '' ? readOptions(argv, env) : readOptions(argv, env, await readConfig(file));
}

/**
 * `check-config FILE`, whatever flags and environment say.
 * @returns what to print.
 * @throws OptionError; ConfigFileError when the file is not valid.
 */
export async function checkConfig(argv: readonly string[]): Promise<string> {
  const [file, ...others] = argv;
  if (file === undefined || file === '' || others.length > 0)
    throw new OptionError('check-config takes the name of one file');
  checkFile(await readConfig(file));
  return `${file} is valid`;
}

async function readConfig(file: string): Promise<ReporterFile> {
  // Late, because most reporters have no file.
  const { readConfigFile } = await import('@tributary/config-file/read-config-file');
  return takeFile(file, await readConfigFile(file));
}

/** @throws ConfigFileError */
export function takeFile(file: string, reading: ConfigReading): ReporterFile {
  const folder = dirname(resolve(file));
  return takeConfigFile(file, reading, {
    specs: OPTION_SPECS,
    sections: FILE_SECTIONS,
    resolvePath: (path) => resolve(folder, path),
  });
}

/** The gateway's file: where it is found, and what checks and prints it. What it may say is in config.ts. */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkConfig as check, loadConfig } from '@tributary/config-file/load-config';
import { systemClock } from '@tributary/shared/clock';
import { ConfigFileError } from '@tributary/shared/config-file';
import { printConfig as print } from '@tributary/shared/print-config';
import {
  checkFile,
  ENV_PREFIX,
  FILE_RULES,
  findFile,
  type GatewayFile,
  type GatewayOptions,
  OPTION_SPECS,
  readOptions,
  readResolved,
} from './config.ts';
import { readWebConfig } from './trust/web-config/read-web-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError; ConfigFileError when the file is not valid. */
export async function loadOptions(argv: readonly string[], env: Environment): Promise<GatewayOptions> {
  return readOptions(argv, env, await loadFile(argv, env));
}

/**
 * Reads the same again each time, for a program that is told to read its configuration anew.
 * @returns throws OptionError; ConfigFileError when the file is not valid, or most likely half written
 */
export function createLoader(argv: readonly string[], env: Environment): () => Promise<GatewayOptions> {
  let wasThere = false;
  let isFirst = true;
  return async () => {
    const name = findFile(argv, env);
    if (!isFirst && name !== '') await refusePipe(name);
    const file = await loadFile(argv, env);
    const isEmpty = file !== null && file.lines.size === 0;
    if (isEmpty && wasThere)
      throw new ConfigFileError([
        `${name}: the file is empty, and was not before; write {} into it if that is meant`,
      ]);
    const options = readOptions(argv, env, file);
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

/**
 * `check-config FILE`; the web configuration that it names is checked as well.
 * @returns what to print.
 * @throws OptionError; ConfigFileError
 */
export async function checkConfig(argv: readonly string[]): Promise<string> {
  let webConfig = '';
  const valid = await check(argv, FILE_RULES, (file) => {
    webConfig = checkFile(file)['web.config.file'];
  });
  if (webConfig !== '') await readWebConfig(webConfig, systemClock.now());
  return valid;
}

/** `--print-config`. @throws OptionError; ConfigFileError */
export async function printConfig(argv: readonly string[], env: Environment): Promise<string> {
  const file = await loadFile(argv, env);
  const { origins } = readResolved(argv, env, file);
  return print({
    program: 'tributary-gateway',
    specs: OPTION_SPECS,
    origins,
    envPrefix: ENV_PREFIX,
    file,
    sections: {},
    resolvePath: (path) => resolve(path),
    resolveInFile: (path) => resolve(dirname(resolve(file?.file ?? '')), path),
  });
}

async function loadFile(argv: readonly string[], env: Environment): Promise<GatewayFile | null> {
  const file = findFile(argv, env);
  return file === '' ? null : await loadConfig(file, FILE_RULES);
}

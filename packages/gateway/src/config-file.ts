/** The gateway's file: where it is found, and what checks and prints it. What it may say is in config.ts. */
import { dirname, resolve } from 'node:path';
import { checkConfig as check, createLoader as create, loadConfig } from '@tributary/program/load-config';
import { systemClock } from '@tributary/shared/clock';
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

/** See `createLoader` of @tributary/program. */
export function createLoader(argv: readonly string[], env: Environment): () => Promise<GatewayOptions> {
  const find = () => findFile(argv, env);
  return create(FILE_RULES, find, (file) => readOptions(argv, env, file));
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

/** The gateway's file: where it is found, and what checks and prints it. What it may say is in config.ts. */
import { dirname, resolve } from 'node:path';
import { checkConfig as check, createLoader as create, loadConfig } from '@tributary/program/load-config';
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
import { WEB_CONFIG_SECTIONS } from './trust/web-config/schema.ts';

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
  }).catch((error: unknown) => {
    throw error instanceof ConfigFileError ? withWebConfigTold(error, argv[0] ?? '') : error;
  });
  if (webConfig !== '') await readWebConfig(webConfig, systemClock.now());
  return valid;
}

/** The two files of the gateway are taken for one another. */
function withWebConfigTold(error: ConfigFileError, file: string): ConfigFileError {
  const section = Object.keys(WEB_CONFIG_SECTIONS).find((key) =>
    error.lines.some((line) => line.includes(`: unknown key ${key};`)),
  );
  if (section === undefined) return error;
  const told = `${file}: ${section} stands in a file of its own, the web configuration; it is checked with the file that names it (web: {config: {file: web.yml}})`;
  return new ConfigFileError([...error.lines, told]);
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

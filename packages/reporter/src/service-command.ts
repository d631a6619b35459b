/** The command line of `install-service` and `uninstall-service`. */
import { OptionError } from '@tributary/shared/options';
import { OPTION_SPECS } from './config.ts';
import { loadOrigins } from './config-file.ts';
import { installService, serviceUnit, uninstallService } from './service/install-service.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError; ConfigFileError */
export async function runServiceCommand(
  command: 'install-service' | 'uninstall-service',
  argv: readonly string[],
  env: Environment,
  say: (line: string) => void,
): Promise<void> {
  const { root, isPrint, rest } = readOwn(argv);
  const target = { say, root, isRoot: process.getuid?.() === 0 };
  if (command === 'uninstall-service') {
    if (rest.length > 0 || isPrint) throw new OptionError('uninstall-service takes nothing but --root DIR');
    return await uninstallService(target);
  }
  const parts = { origins: await loadOrigins(rest, env), specs: OPTION_SPECS, program: ownProgram(), target };
  if (isPrint) say(serviceUnit(parts).trimEnd());
  else await installService(parts);
}

/** `--root DIR` and `--print`; the rest is what the service is started with. */
function readOwn(argv: readonly string[]): { root: string; isPrint: boolean; rest: string[] } {
  let root = '';
  let isPrint = false;
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--print') isPrint = true;
    else if (word.startsWith('--root=')) root = word.slice('--root='.length);
    else if (word === '--root') root = argv[++i] ?? '';
    else rest.push(word);
    if (word.startsWith('--root') && root === '') throw new OptionError('--root needs a folder');
  }
  return { root, isPrint, rest };
}

/** As this very process was started; the single file has its script and its flags inside. */
function ownProgram(): string[] {
  const { execPath, execArgv, argv } = process;
  const isOneFile = process.getBuiltinModule('node:sea').isSea();
  return isOneFile ? [execPath] : [execPath, ...execArgv, argv[1] ?? ''];
}

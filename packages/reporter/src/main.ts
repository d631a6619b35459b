/** The command line of `tributary-reporter`. */
import { leave, live } from '@tributary/program/lifecycle';
import { type Program, readInvocation, usage } from '@tributary/shared/command';
import { ConfigFileError } from '@tributary/shared/config-file';
import { OptionError } from '@tributary/shared/options';
import { redact } from '@tributary/shared/redact';
import { OPTION_SPECS, type ReporterOptions } from './config.ts';
import { checkConfig, createLoader, loadOptions, printConfig } from './config-file.ts';
import { createLog, type LeveledLog } from './log.ts';
import { ListenError } from './open-web.ts';
import { startReporter } from './reporter.ts';
import { createPlainSampler } from './sampler-setup.ts';
import { SpoolOpenError } from './spool/spool-error.ts';
import { renderText } from './text-format.ts';
import { VERSION } from './version.ts';

const PROGRAM: Program<'run' | 'once' | 'check-config' | 'install-service' | 'uninstall-service'> = {
  name: 'tributary-reporter',
  about: 'Samples one host and streams it to a Tributary gateway.',
  commands: {
    run: 'samples this host and streams to the gateway',
    once: 'collects once and prints the exposition, needing no gateway',
    'check-config': 'says that the file named behind it is a valid configuration, or what is wrong with it',
    'install-service':
      'as root: has systemd run it, now and at each boot, with the flags behind it; --print shows the unit only',
    'uninstall-service': 'as root: takes that back; what waits in the spool stays',
  },
  ownHelp: {
    'check-config': {
      takes: ['FILE'],
      does: `Says that FILE, which is for --config.file, is a valid configuration, or what is wrong with it: a line FILE:LINE: message for
each mistake. Nothing is started or changed.

Exit code: 0 when it is valid, 1 when not.`,
    },
  },
  defaultCommand: 'run',
  options: OPTION_SPECS,
  exampleVariable: 'TRIBUTARY_REPORTER_GATEWAY_URL',
};

/**
 * What small buffers are cut from. Node takes 64 KiB at a time, and keeps each piece for as long as one buffer of it is in
 * use: a backlog's frames kept megabytes so.
 */
Buffer.poolSize = 8 * 1024;

const ONCE_DEADLINE_MS = 5_000;
/** An inventory asks programs that take their time, and is waited for. */
const ONCE_WITH_INVENTORY_DEADLINE_MS = 65_000;

async function main(argv: readonly string[]): Promise<void> {
  const invocation = readInvocation(PROGRAM, argv);
  if (invocation.kind === 'help') return void process.stdout.write(usage(PROGRAM, argv[0]));
  if (invocation.kind === 'version') {
    return void process.stdout.write(`${PROGRAM.name} ${VERSION} (Node.js ${process.version})\n`);
  }
  if (invocation.kind === 'print-config') {
    return void process.stdout.write(await printConfig(invocation.argv, process.env));
  }
  if (invocation.command === 'check-config') {
    return void process.stdout.write(`${await checkConfig(invocation.argv)}\n`);
  }
  if (invocation.command === 'install-service' || invocation.command === 'uninstall-service')
    return await service(invocation.command, invocation.argv);
  if (invocation.command === 'once') await once(await loadOptions(invocation.argv, process.env));
  else await run(createLoader(invocation.argv, process.env));
}

async function service(
  command: 'install-service' | 'uninstall-service',
  argv: readonly string[],
): Promise<void> {
  // Late, since it is no part of what runs.
  const { runServiceCommand } = await import('./service-command.ts');
  await runServiceCommand(command, argv, process.env, (line) => void process.stdout.write(`${line}\n`));
}

async function run(load: () => Promise<ReporterOptions>): Promise<void> {
  await live({
    load,
    createLog: logOf,
    start(options, log) {
      const onChange = (changed: ReporterOptions) => {
        log.level = changed['log.level'];
      };
      return startReporter(options, log, { load, onChange });
    },
  });
}

function logOf(options: ReporterOptions): LeveledLog {
  return createLog({ level: options['log.level'], format: options['log.format'] });
}

async function once(options: ReporterOptions): Promise<void> {
  const sampler = createPlainSampler({ options, log: logOf(options), once: true });
  // A reader that has seen enough, such as `head`, is no fault worth a stack.
  process.stdout.once('error', () => leave(1, sampler.isStuck));
  const hasInventory = options.collectors.get('inventory') === true;
  const columns = await sampler.sample(hasInventory ? ONCE_WITH_INVENTORY_DEADLINE_MS : ONCE_DEADLINE_MS);
  await new Promise<void>((resolve) => process.stdout.write(renderText(columns), () => resolve()));
  leave(0, sampler.isStuck);
}

async function start(): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof OptionError || error instanceof SpoolOpenError || error instanceof ListenError))
      throw error;
    const lines = error instanceof ConfigFileError ? error.lines : [error.message];
    // A check is for programs to read as well, which know FILE:LINE: from compilers.
    const isCheck = error instanceof ConfigFileError && process.argv[2] === 'check-config';
    process.stderr.write(
      lines.map((line) => `${isCheck ? '' : `${PROGRAM.name}: `}${redact(line)}\n`).join(''),
    );
    process.exitCode = 1;
  }
}

// Without `await`: in the one executable file this is CommonJS, which has none here. What it throws ends the process all the same.
void start();

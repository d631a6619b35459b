/** The command line of `tributary-reporter`. */
import { type Program, readInvocation, usage } from '@tributary/shared/command';
import { ConfigFileError } from '@tributary/shared/config-file';
import { OptionError } from '@tributary/shared/options';
import { redact } from '@tributary/shared/redact';
import { OPTION_SPECS, type ReporterOptions } from './config.ts';
import { checkConfig, loadOptions, printConfig } from './config-file.ts';
import { createLog } from './log.ts';
import { createSampler, startReporter } from './reporter.ts';
import { SpoolOpenError } from './spool/spool-error.ts';
import { renderText } from './text-format.ts';
import { VERSION } from './version.ts';

const PROGRAM: Program<'run' | 'once' | 'check-config'> = {
  name: 'tributary-reporter',
  about: 'Samples one host and streams it to a Tributary gateway.',
  commands: {
    run: 'samples this host and streams to the gateway',
    once: 'collects once and prints the exposition, needing no gateway',
    'check-config': 'says that the file named behind it is a valid configuration, or what is wrong with it',
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

const STOP_MS_MAX = 4_500;
const ONCE_DEADLINE_MS = 5_000;
/** An inventory asks programs that take their time, and is waited for. */
const ONCE_WITH_INVENTORY_DEADLINE_MS = 65_000;

async function main(argv: readonly string[]): Promise<void> {
  const invocation = readInvocation(PROGRAM, argv);
  if (invocation.kind === 'help') return void process.stdout.write(usage(PROGRAM));
  if (invocation.kind === 'version') {
    return void process.stdout.write(`${PROGRAM.name} ${VERSION} (Node.js ${process.version})\n`);
  }
  if (invocation.kind === 'print-config') {
    return void process.stdout.write(await printConfig(invocation.argv, process.env));
  }
  if (invocation.command === 'check-config') {
    return void process.stdout.write(`${await checkConfig(invocation.argv)}\n`);
  }
  const options = await loadOptions(invocation.argv, process.env);
  if (invocation.command === 'once') await once(options);
  else run(options);
}

function run(options: ReporterOptions): void {
  const log = createLog({ level: options['log.level'], format: options['log.format'] });
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(die, STOP_MS_MAX).unref();
    reporter.stop().then(
      () => leave(0, reporter.isStuck()),
      (error: Error) => {
        log.error({ error: error.message }, 'did not stop cleanly');
        leave(1, reporter.isStuck());
      },
    );
  };
  // Before it starts: whoever reads that it has may stop it at once.
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => stop('SIGHUP'));
  const reporter = startReporter(options, log);
}

async function once(options: ReporterOptions): Promise<void> {
  const log = createLog({ level: options['log.level'], format: options['log.format'] });
  const sampler = createSampler(options, log, { once: true });
  // A reader that has seen enough, such as `head`, is no fault worth a stack.
  process.stdout.once('error', () => leave(1, sampler.isStuck));
  const hasInventory = options.collectors.get('inventory') === true;
  const columns = await sampler.sample(hasInventory ? ONCE_WITH_INVENTORY_DEADLINE_MS : ONCE_DEADLINE_MS);
  await new Promise<void>((resolve) => process.stdout.write(renderText(columns), () => resolve()));
  leave(0, sampler.isStuck);
}

/**
 * Ends the process. `process.exit` joins the threads of libuv's pool, and one that hangs in a dead network mount never
 * comes back; everything is written by now, so the process may then end the hard way.
 */
function leave(code: number, isStuck: boolean): void {
  if (isStuck) die();
  process.exit(code);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionError || error instanceof SpoolOpenError)) throw error;
  const lines = error instanceof ConfigFileError ? error.lines : [error.message];
  // A check is for programs to read as well, which know FILE:LINE: from compilers.
  const isCheck = error instanceof ConfigFileError && process.argv[2] === 'check-config';
  process.stderr.write(
    lines.map((line) => `${isCheck ? '' : `${PROGRAM.name}: `}${redact(line)}\n`).join(''),
  );
  process.exitCode = 1;
}

/** The command line of `tributary-reporter`. */
import { nearest } from '@tributary/shared/nearest';
import { describeOptions, OptionError } from '@tributary/shared/options';
import { OPTION_SPECS, readOptions } from './config.ts';
import { createLog } from './log.ts';
import { createSampler, startReporter } from './reporter.ts';
import { SpoolOpenError } from './spool/spool-error.ts';
import { renderText } from './text-format.ts';
import { VERSION } from './version.ts';

const COMMANDS = {
  run: 'samples this host and streams to the gateway (default)',
  once: 'collects once and prints the exposition, needing no gateway',
} as const;

const STOP_MS_MAX = 4_500;
const ONCE_DEADLINE_MS = 5_000;

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) return void process.stdout.write(usage());
  if (argv.includes('--version')) {
    return void process.stdout.write(`tributary-reporter ${VERSION} (Node.js ${process.version})\n`);
  }
  const hasCommand = argv[0] !== undefined && !argv[0].startsWith('-');
  const command = hasCommand ? argv[0] : 'run';
  const options = (commandName: string) => {
    if (!Object.hasOwn(COMMANDS, commandName)) throw unknownCommand(commandName);
    return readOptions(hasCommand ? argv.slice(1) : argv, process.env);
  };
  if (command === 'once') await once(options(command));
  else run(options(command ?? ''));
}

function run(options: ReturnType<typeof readOptions>): void {
  const log = createLog({ level: options['log.level'], format: options['log.format'] });
  const reporter = startReporter(options, log);
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
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

async function once(options: ReturnType<typeof readOptions>): Promise<void> {
  const log = createLog({ level: options['log.level'], format: options['log.format'] });
  const sampler = createSampler(options, log);
  const columns = await sampler.sample(ONCE_DEADLINE_MS);
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

function unknownCommand(word: string): OptionError {
  const near = nearest(word, Object.keys(COMMANDS));
  return new OptionError(
    `unknown command ${JSON.stringify(word)}${near === undefined ? '; see --help' : `; did you mean ${near}?`}`,
  );
}

function usage(): string {
  const commands = Object.entries(COMMANDS).map(([name, does]) => `  ${name.padEnd(6)}  ${does}`);
  return `usage: tributary-reporter [COMMAND] [FLAGS]

Samples one host and streams it to a Tributary gateway.

Commands:
${commands.join('\n')}

Flags (each also as an environment variable, such as TRIBUTARY_REPORTER_GATEWAY_URL):
${describeOptions(OPTION_SPECS)}
  --help     prints this
  --version  prints the version
`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionError || error instanceof SpoolOpenError)) throw error;
  process.stderr.write(`tributary-reporter: ${error.message}\n`);
  process.exitCode = 1;
}

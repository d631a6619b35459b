/** The command line of `tributary-gateway`. */
import { nearest } from '@tributary/shared/nearest';
import { describeOptions, OptionError } from '@tributary/shared/options';
import { OPTION_SPECS, readOptions } from './config.ts';
import { ListenError, startGateway } from './gateway.ts';
import { LedgerOpenError } from './ledger/ledger.ts';
import { createLog } from './telemetry/log.ts';
import { VERSION } from './version.ts';

const COMMANDS = {
  serve: 'runs the gateway (default)',
} as const;

/** Whatever hangs, the process is gone by then. */
const STOP_MS_MAX = 4_500;

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) return void process.stdout.write(usage());
  if (argv.includes('--version')) {
    return void process.stdout.write(`tributary-gateway ${VERSION} (Node.js ${process.version})\n`);
  }
  const command = argv[0];
  const hasCommand = command !== undefined && !command.startsWith('-');
  if (hasCommand && !Object.hasOwn(COMMANDS, command)) throw unknownCommand(command);
  await serve(readOptions(hasCommand ? argv.slice(1) : argv, process.env));
}

async function serve(options: ReturnType<typeof readOptions>): Promise<void> {
  const log = createLog({ level: options['log.level'], format: options['log.format'] });
  const gateway = await startGateway(options, log);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    gateway.stop().then(
      () => process.exit(0),
      (error: Error) => {
        log.error({ error: error.message }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.stdout.write(`listening on ${gateway.url}\n`);
}

function unknownCommand(word: string): OptionError {
  const near = nearest(word, Object.keys(COMMANDS));
  return new OptionError(
    `unknown command ${JSON.stringify(word)}${near === undefined ? '; see --help' : `; did you mean ${near}?`}`,
  );
}

function usage(): string {
  const commands = Object.entries(COMMANDS).map(([name, does]) => `  ${name.padEnd(6)}  ${does}`);
  return `usage: tributary-gateway [COMMAND] [FLAGS]

Buffers the samples of a fleet of reporters and exposes them as one Prometheus scrape target.

Commands:
${commands.join('\n')}

Flags (each also as an environment variable, such as TRIBUTARY_GATEWAY_STORAGE_PATH):
${describeOptions(OPTION_SPECS)}
  --help     prints this
  --version  prints the version
`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionError || error instanceof LedgerOpenError || error instanceof ListenError))
    throw error;
  process.stderr.write(`tributary-gateway: ${error.message}\n`);
  process.exitCode = 1;
}

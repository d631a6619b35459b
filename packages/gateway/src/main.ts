/** The command line of `tributary-gateway`. */
import { closeSync, openSync } from 'node:fs';
import { type Program, readInvocation, usage } from '@tributary/shared/command';
import { ConfigFileError } from '@tributary/shared/config-file';
import { OptionError } from '@tributary/shared/options';
import { type GatewayOptions, OPTION_SPECS, readOptions } from './config.ts';
import { ListenError, startGateway } from './gateway.ts';
import { runHashPassword } from './hash-password-command.ts';
import { LedgerOpenError } from './ledger/ledger.ts';
import { createLog } from './telemetry/log.ts';
import { type Output, runTokenCommand } from './token-command.ts';
import { CredentialsError } from './trust/credentials/credentials-error.ts';
import { VERSION } from './version.ts';

const PROGRAM: Program<'serve' | 'token' | 'hash-password'> = {
  name: 'tributary-gateway',
  about: 'Buffers the samples of a fleet of reporters and exposes them as one Prometheus scrape target.',
  commands: {
    serve: 'runs the gateway',
    token: 'makes, lists, rotates and revokes credentials; see token --help',
    'hash-password': 'reads a password and prints its hash, for basic_auth_users of --web.config.file',
  },
  defaultCommand: 'serve',
  options: OPTION_SPECS,
  exampleVariable: 'TRIBUTARY_GATEWAY_STORAGE_PATH',
};

const OUTPUT: Output = {
  out: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
};

const NO_RELOAD =
  'going on: --web.config.file and its certificates are followed by themselves, and other options need a restart';

/** Whatever hangs, the process is gone by then. */
const STOP_MS_MAX = 4_500;

async function main(argv: readonly string[]): Promise<void> {
  // It has flags and a help of its own.
  if (argv[0] === 'token') return runTokenCommand(argv.slice(1), process.env, OUTPUT);
  const invocation = readInvocation(PROGRAM, argv);
  if (invocation.kind === 'help') return void process.stdout.write(usage(PROGRAM));
  if (invocation.kind === 'version') {
    return void process.stdout.write(`${PROGRAM.name} ${VERSION} (Node.js ${process.version})\n`);
  }
  if (invocation.command === 'hash-password') return runHashPassword(invocation.argv, process.stdin, OUTPUT);
  await serve(readOptions(invocation.argv, process.env));
}

async function serve(options: GatewayOptions): Promise<void> {
  const log = await createLog({ level: options['log.level'], format: options['log.format'] });
  const gateway = await startGateway(options, log, (error) => {
    // Nothing can be taken any more, and nothing that was acked is lost: a fresh start is the cure.
    log.error({ err: error }, 'the ledger died; the gateway ends');
    process.exit(1);
  });
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
  // Whoever knows Prometheus sends it so that files are read again; Node.js would end the process.
  process.on('SIGHUP', () => (isTerminalGone() ? stop('SIGHUP') : log.info({ signal: 'SIGHUP' }, NO_RELOAD)));
  process.on('SIGINT', () => stop('SIGINT'));
  process.stdout.write(`listening on ${gateway.url}\n`);
}

/** The same signal comes when the terminal is closed in which the gateway was started; nobody could stop it then who did not know of it. */
function isTerminalGone(): boolean {
  if (process.platform === 'win32') return true;
  if (!process.stderr.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}

/** Errors whose message says all that there is to know. */
const FOR_PEOPLE = [OptionError, LedgerOpenError, ListenError, CredentialsError];

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!FOR_PEOPLE.some((kind) => error instanceof kind) || !(error instanceof Error)) throw error;
  const lines = error instanceof ConfigFileError ? error.lines : [error.message];
  process.stderr.write(lines.map((line) => `${PROGRAM.name}: ${line}\n`).join(''));
  process.exitCode = 1;
}

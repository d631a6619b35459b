/** The command line of `tributary-gateway`. */
import { live } from '@tributary/program/lifecycle';
import { loadConfig } from '@tributary/program/load-config';
import { type Program, readInvocation, usage } from '@tributary/shared/command';
import { ConfigFileError } from '@tributary/shared/config-file';
import { OptionError } from '@tributary/shared/options';
import { FILE_RULES, type GatewayOptions, OPTION_SPECS } from './config.ts';
import { checkConfig, createLoader, printConfig } from './config-file.ts';
import { DoctorError } from './doctor/doctor-error.ts';
import { ListenError, startGateway } from './gateway.ts';
import { runHashPassword } from './hash-password-command.ts';
import { LedgerOpenError } from './ledger/ledger.ts';
import { createLog } from './telemetry/log.ts';
import { findTokenFile, type Output, runTokenCommand } from './token-command.ts';
import { CredentialsError } from './trust/credentials/credentials-error.ts';
import { VERSION } from './version.ts';

const PROGRAM: Program<'serve' | 'doctor' | 'token' | 'hash-password' | 'check-config'> = {
  name: 'tributary-gateway',
  about: 'Buffers the samples of a fleet of reporters and exposes them as one Prometheus scrape target.',
  commands: {
    serve: 'runs the gateway',
    doctor:
      'says what is wrong with a running gateway and its Prometheus, and the line to change; see doctor --help',
    token: 'makes, lists, rotates and revokes credentials; see token --help',
    'hash-password': 'reads a password and prints its hash, for basic_auth_users of --web.config.file',
    'check-config': 'says that the file named behind it is a valid configuration, or what is wrong with it',
  },
  ownHelp: {
    'hash-password': {
      takes: [],
      does: 'Reads a password from the terminal, or from its standard input, and prints its bcrypt hash.',
    },
    'check-config': {
      takes: ['FILE'],
      does: `Says that FILE, which is for --config.file, is a valid configuration, or what is wrong with it: a line FILE:LINE: message for
each mistake. The web configuration that it names (web.config.file) is checked as well. Nothing is started or changed.

Exit code: 0 when it is valid, 1 when not.`,
    },
  },
  defaultCommand: 'serve',
  options: OPTION_SPECS,
  exampleVariable: 'TRIBUTARY_GATEWAY_STORAGE_PATH',
};

const OUTPUT: Output = {
  out: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
};

async function main(argv: readonly string[]): Promise<void> {
  // These have flags and a help of their own.
  if (argv[0] === 'token') return await token(argv.slice(1));
  if (argv[0] === 'doctor') return await doctor(argv.slice(1));
  const invocation = readInvocation(PROGRAM, argv);
  if (invocation.kind === 'help') return void process.stdout.write(usage(PROGRAM, argv[0]));
  if (invocation.kind === 'version') {
    return void process.stdout.write(`${PROGRAM.name} ${VERSION} (Node.js ${process.version})\n`);
  }
  if (invocation.kind === 'print-config') {
    return void process.stdout.write(await printConfig(invocation.argv, process.env));
  }
  if (invocation.command === 'hash-password') return runHashPassword(invocation.argv, process.stdin, OUTPUT);
  if (invocation.command === 'check-config')
    return void process.stdout.write(`${await checkConfig(invocation.argv)}\n`);
  await serve(createLoader(invocation.argv, process.env));
}

async function token(argv: readonly string[]): Promise<void> {
  const name = findTokenFile(argv, process.env);
  const file = name === '' ? null : await loadConfig(name, FILE_RULES);
  runTokenCommand(argv, process.env, OUTPUT, file?.options);
}

/** Its exit code is 2 where it cannot say anything: 1 is for what it found. */
async function doctor(argv: readonly string[]): Promise<void> {
  // Late, since no gateway that serves needs it.
  const { doctorUsage, findDoctorFile } = await import('./doctor/options.ts');
  if (argv.includes('--help') || argv.includes('-h')) return void process.stdout.write(doctorUsage());
  const name = findDoctorFile(argv, process.env);
  const file = name === '' ? null : await loadConfig(name, FILE_RULES);
  const { runDoctor } = await import('./doctor/doctor.ts');
  const { isTTY, columns } = process.stdout;
  const style = { colours: isTTY && !process.env['NO_COLOR'], width: Math.min(columns ?? 100, 120) };
  const { text, isFine } = await runDoctor(argv, process.env, file?.options ?? new Map(), style);
  process.stdout.write(text);
  process.exitCode = isFine ? 0 : 1;
}

async function serve(load: () => Promise<GatewayOptions>): Promise<void> {
  await live({
    load,
    createLog: (options) => createLog({ level: options['log.level'], format: options['log.format'] }),
    async start(options, log) {
      const onDeath = (error: Error) => {
        // Nothing can be taken any more, and nothing that was acked is lost: a fresh start is the cure.
        log.error({ err: error }, 'the ledger died; the gateway ends');
        process.exit(1);
      };
      const onChange = (changed: GatewayOptions) => {
        log.level = changed['log.level'];
      };
      const gateway = await startGateway(options, log, onDeath, { load, onChange });
      process.stdout.write(`listening on ${gateway.url}\n`);
      return gateway;
    },
  });
}

/** Errors whose message says all that there is to know. */
const FOR_PEOPLE = [OptionError, LedgerOpenError, ListenError, CredentialsError, DoctorError];

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!FOR_PEOPLE.some((kind) => error instanceof kind) || !(error instanceof Error)) throw error;
  const lines = error instanceof ConfigFileError ? error.lines : [error.message];
  // A check is for programs to read as well, which know FILE:LINE: from compilers.
  const isCheck = error instanceof ConfigFileError && process.argv[2] === 'check-config';
  process.stderr.write(lines.map((line) => `${isCheck ? '' : `${PROGRAM.name}: `}${line}\n`).join(''));
  process.exitCode = process.argv[2] === 'doctor' ? 2 : 1;
}

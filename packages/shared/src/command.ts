/** A program's command line: `PROGRAM [COMMAND] [FLAGS]`, with a default command, `--help` and `--version`. */
import { nearest } from './nearest.ts';
import { describeOptions, OptionError, type OptionSpecs } from './options.ts';

export interface Program<C extends string> {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** What each command does. */
  readonly commands: Readonly<Record<C, string>>;
  /** Of commands that take none of the flags. */
  readonly ownHelp?: Readonly<Partial<Record<C, OwnHelp>>>;
  readonly defaultCommand: C;
  readonly options: OptionSpecs;
  /** As in `TRIBUTARY_GATEWAY_STORAGE_PATH`. */
  readonly exampleVariable: string;
}

export interface OwnHelp {
  /** What stands behind the command. */
  readonly takes: readonly string[];
  readonly does: string;
}

export type Invocation<C extends string> =
  | { readonly kind: 'command'; readonly command: C; readonly argv: readonly string[] }
  | { readonly kind: 'print-config'; readonly argv: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

const PRINT_CONFIG = '--print-config';

/** @throws OptionError for a command that the program does not have. */
export function readInvocation<C extends string>(
  program: Program<C>,
  argv: readonly string[],
): Invocation<C> {
  if (argv.includes('--help') || argv.includes('-h')) return { kind: 'help' };
  if (argv.includes('--version')) return { kind: 'version' };
  if (argv.includes(PRINT_CONFIG)) {
    const rest = argv.filter((word) => word !== PRINT_CONFIG);
    const isDefault = rest[0] === undefined || rest[0].startsWith('-') || rest[0] === program.defaultCommand;
    if (!isDefault)
      throw new OptionError(`${PRINT_CONFIG} goes with ${program.defaultCommand}, not ${rest[0]}`);
    return { kind: 'print-config', argv: rest[0] === program.defaultCommand ? rest.slice(1) : rest };
  }
  const word = argv[0];
  if (word === undefined || word.startsWith('-')) {
    return { kind: 'command', command: program.defaultCommand, argv };
  }
  const known = Object.keys(program.commands) as C[];
  const command = known.find((candidate) => candidate === word);
  if (command !== undefined) return { kind: 'command', command, argv: argv.slice(1) };
  const near = nearest(word, known);
  const hint = near === undefined ? '; see --help' : `; did you mean ${near}?`;
  throw new OptionError(`unknown command ${JSON.stringify(word)}${hint}`);
}

/** The text of `--help`. @param word the first of the command line, which may be a command with a help of its own */
export function usage<C extends string>(program: Program<C>, word?: string): string {
  const own = Object.entries<OwnHelp | undefined>(program.ownHelp ?? {}).find(([name]) => name === word)?.[1];
  if (own !== undefined) return `usage: ${[program.name, word, ...own.takes].join(' ')}\n\n${own.does}\n`;
  const commands = Object.entries<string>(program.commands);
  const width = Math.max(...commands.map(([name]) => name.length));
  const lines = commands.map(([name, does]) => {
    return `  ${name.padEnd(width)}  ${does}${name === program.defaultCommand ? ' (default)' : ''}`;
  });
  return `usage: ${program.name} [COMMAND] [FLAGS]

${program.about}

Commands:
${lines.join('\n')}

Flags (each also as an environment variable, such as ${program.exampleVariable}):
${describeOptions(program.options)}
  --print-config  prints the configuration as it is in effect, each value with where it came from, and ends
  --help          prints this
  --version       prints the version
`;
}

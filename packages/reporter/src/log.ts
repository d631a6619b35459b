/** The reporter's log: pino's JSON lines on stderr, or one readable line each when someone watches. */
import { redact } from '@tributary/shared/redact';
import { type DestinationStream, pino, stdTimeFunctions } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;

export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** The level can be set while it is written. */
export type LeveledLog = Log & { level: string };

export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  /** `auto` is `pretty` on a terminal and `json` elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number];
}

const STDERR = 2;

/** Lines are written before the call returns: what a program said before it died must not be lost. */
export function createLog(options: LogOptions): LeveledLog {
  const readable = options.format === 'pretty' || (options.format === 'auto' && process.stderr.isTTY);
  const settings = {
    level: options.level,
    base: { program: 'reporter' },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Messages of libraries and of the system are in it, too.
    hooks: { streamWrite: redact },
  };
  const destination = pino.destination({ dest: STDERR, sync: true });
  const log: LeveledLog = pino(settings, readable ? readableLines(destination) : destination);
  return log;
}

/** The gateway has pino-pretty for this; a reporter is to stay tiny. */
function readableLines(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
      destination.write(
        `${String(time).slice(11, 23)} ${String(level).toUpperCase()} ${String(msg)}${rest.join('')}\n`,
      );
    },
  };
}

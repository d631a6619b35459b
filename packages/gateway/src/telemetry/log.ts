/** The gateway's log: pino's JSON lines on stderr, or readable ones when someone watches. */
import { redact } from '@tributary/shared/redact';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** The level can be set while it is written. */
export type LeveledLog = Log & { level: string };

export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  /** `auto` is `pretty` on a terminal and `json` elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number];
}

const STDERR = 2;

/** Lines are written before the call returns: what a program said before it died must not be lost. */
export async function createLog(options: LogOptions): Promise<LeveledLog> {
  const readable = options.format === 'pretty' || (options.format === 'auto' && process.stderr.isTTY);
  const settings = {
    level: options.level,
    base: { program: 'gateway' },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Messages of libraries and of the system are in it, too.
    hooks: { streamWrite: redact },
  };
  const destination = readable ? await readableLines() : pino.destination({ dest: STDERR, sync: true });
  const log: LeveledLog = pino(settings, destination);
  return log;
}

async function readableLines(): Promise<DestinationStream> {
  // Eight megabytes that only a person's terminal needs.
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: STDERR,
    sync: true,
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
  });
}

/**
 * The life of a program that runs until it is told to stop: SIGTERM and SIGINT stop it, SIGHUP has it read its configuration
 * anew, unless it is said because a terminal was closed. systemd is told how it goes, where it wants to know.
 */
import { OptionError } from '@tributary/shared/options';
import type { ServiceNotify } from './service-notify.ts';
import { watchTerminal } from './terminal.ts';

export interface Running {
  /** @throws OptionError when the configuration is not valid; what was in effect goes on, and the log has been told */
  reload(cause: string): Promise<unknown>;
  /** Lets go of everything. */
  stop(): Promise<void>;
  /** True while a call of the system that nothing can cancel has not come back; `process.exit` would wait for it. */
  isStuck(): boolean;
}

/** All that is wanted of a log here. */
export interface LifecycleLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Life<O, L extends LifecycleLog> {
  /** Reads flags, environment and file. @throws OptionError */
  readonly load: () => Promise<O>;
  readonly createLog: (options: O) => L | Promise<L>;
  readonly start: (options: O, log: L) => Running | Promise<Running>;
}

/** Whatever hangs, the process is gone by then. */
const STOP_MS_MAX = 4_500;

/** @throws what `load` and `start` throw */
export async function live<O, L extends LifecycleLog>(life: Life<O, L>): Promise<void> {
  const isTerminalGone = watchTerminal();
  const wishes: (() => void)[] = [];
  let run: ((wish: () => void) => void) | null = null;
  // First of all: whoever starts it may tell it something at once, which then waits.
  const ask = (wish: () => void) => (run === null ? void wishes.push(wish) : run(wish));
  process.on('SIGHUP', () => ask(() => (isTerminalGone() ? stop('SIGHUP') : reload('SIGHUP'))));
  const options = await life.load();
  const log = await life.createLog(options);
  // Up to here there is nothing to be let go of.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A start that hangs is not waited for.
      if (run === null) setTimeout(die, STOP_MS_MAX).unref();
      ask(() => stop(signal));
    });
  }
  const running = await life.start(options, log);
  const service = await serviceOf(log);
  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(die, STOP_MS_MAX).unref();
    service?.stopping();
    const leaveWith = async (code: number) => {
      // What systemd was told before may still be under way; the time that is left bounds it.
      await service?.told();
      leave(code, running.isStuck());
    };
    running.stop().then(
      () => leaveWith(0),
      (error: Error) => {
        log.error({ error: error.message }, 'did not stop cleanly');
        return leaveWith(1);
      },
    );
  };
  const reload = (cause: string) => {
    running.reload(cause).catch((error: unknown) => {
      if (!(error instanceof OptionError)) log.error({ err: error }, 'internal error');
    });
  };
  service?.ready();
  run = (wish) => wish();
  for (const wish of wishes) wish();
}

/** Null where nobody wants to know; what it takes is not loaded then. */
async function serviceOf(log: LifecycleLog): Promise<ServiceNotify | null> {
  const { env, pid } = process;
  if ((env['NOTIFY_SOCKET'] ?? '') === '') return null;
  const { ServiceNotify } = await import('./service-notify.ts');
  return new ServiceNotify({
    env,
    pid,
    onFault: (error) =>
      log.error(
        { error: error.message },
        'systemd cannot be told that this runs; the unit needs NotifyAccess=all, and systemd-notify has to be there',
      ),
  });
}

/**
 * Ends the process. `process.exit` joins the threads of libuv's pool, and one that hangs in a dead network mount never
 * comes back; everything is written by now, so the process may then end the hard way.
 */
export function leave(code: number, isStuck: boolean): void {
  if (isStuck) die();
  process.exit(code);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/**
 * What systemd is told of a program that it started (sd_notify(3)): that it is ready, that it stops, and now and then that it
 * is alive. Node has no datagram sockets of that kind, so systemd's own `systemd-notify` tells it; the unit has to
 * allow that by `NotifyAccess=all`. Without `NOTIFY_SOCKET` in the environment nobody wants to know, and nothing is done.
 */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

export interface ServiceNotifyParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Told, until it goes well again once, when systemd cannot be told: it would take the program for one that never starts. */
  readonly onFault: (error: Error) => void;
  /** In place of `systemd-notify`, in tests. */
  readonly command?: string;
}

/** Whatever hangs, the program does not wait for it. */
const TIMEOUT_MS = 5_000;
/** One that failed is tried once more: a watchdog that is not fed ends the program. */
const AGAIN_MS = 1_000;

export class ServiceNotify {
  readonly #parts: ServiceNotifyParts;
  #watchdog: NodeJS.Timeout | null = null;
  #isFaultTold = false;
  /** What is being told, so that one thing is told after the other. */
  #telling: Promise<void> = Promise.resolve();

  constructor(parts: ServiceNotifyParts) {
    this.#parts = parts;
  }

  /** The program does what it is there for. From now on the watchdog is fed, if there is one. */
  ready(): void {
    this.#tell('READY=1');
    const everyMs = this.#watchdogMs();
    if (everyMs === null || this.#watchdog !== null) return;
    // A timer that does not fire is what the watchdog is for: the event loop hangs.
    this.#watchdog = setInterval(() => this.#tell('WATCHDOG=1'), everyMs);
    this.#watchdog.unref();
  }

  /** The program lets go of everything. */
  stopping(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#tell('STOPPING=1');
  }

  /** Resolves when all is told, or could not be. */
  async told(): Promise<void> {
    await this.#telling;
  }

  /**
   * A quarter of the time after which systemd would end the program: sd_watchdog_enabled(3) recommends half, and here each
   * time is a process that has to be started, and may fail.
   */
  #watchdogMs(): number | null {
    const { env, pid } = this.#parts;
    const usec = Number(env['WATCHDOG_USEC'] ?? Number.NaN);
    const isMine = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === pid;
    return isMine && usec > 0 ? usec / 4000 : null;
  }

  #tell(state: string): void {
    if ((this.#parts.env['NOTIFY_SOCKET'] ?? '') === '') return;
    this.#telling = this.#telling.then(() => this.#run(state));
  }

  async #run(state: string): Promise<void> {
    const { env, command = 'systemd-notify', onFault } = this.#parts;
    // Not the whole environment: it may hold secrets.
    const small = { PATH: env['PATH'] ?? '/usr/bin:/bin', NOTIFY_SOCKET: env['NOTIFY_SOCKET'] ?? '' };
    const once = () =>
      new Promise<Error | null>((resolve) => {
        execFile(command, [state], { env: small, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }, resolve);
      });
    let error = await once();
    if (error !== null) {
      await delay(AGAIN_MS);
      error = await once();
    }
    if (error !== null && !this.#isFaultTold) onFault(error);
    this.#isFaultTold = error !== null;
  }
}

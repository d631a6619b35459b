/**
 * Which containers there are: what the runtimes said when they were last asked.
 *
 * They are asked beside the ticks and rarely. A list costs a daemon some milliseconds, and starts a process where systemd
 * starts Podman's service for each who asks. So it is asked for when something points to a change (see `note`), and else
 * every few minutes, in case nothing did. Details are asked for once a container.
 */
import type { ContainerDetails, EngineApi, ListedContainer } from './engine-api.ts';

/** Between two lists, if something points to a change. */
const CHANGED_MS = 5_000;
/** Between two lists, if nothing does. */
const UNCHANGED_MS = 5 * 60_000;
/** After a failure; doubled with each further one up to the maximum. */
const RETRY_MS = 10_000;
const RETRY_MS_MAX = 2 * 60_000;
/** Details are asked for one by one: those that come too late are asked for with the next list. */
const DETAILS_MS_MAX = 20_000;
/** A runtime that fails to tell of so many containers is asked for no more of them at that time. */
const DETAILS_FAILURES_MAX = 3;
/**
 * Lists after each change. A runtime makes a container's control group before it says that it runs, so the first may come
 * too early.
 */
const LISTS_PER_CHANGE = 2;

export interface InventoryOptions {
  /** Those that are there at the moment. */
  readonly sockets: () => readonly string[];
  /** Containers at most. */
  readonly limit: number;
  readonly api: EngineApi;
  /** In ms. */
  readonly monotonic: () => number;
}

interface KnownContainer {
  readonly socket: string;
  readonly listedName: string;
  readonly details: ContainerDetails;
}

type Listed = ListedContainer & { readonly socket: string };

export class Inventory {
  readonly #options: InventoryOptions;
  #known = new Map<string, KnownContainer>();
  #errors = new Map<string, string>();
  #beyondLimit = 0;
  #asking: Promise<void> | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #due = 1;
  #answered = false;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** In a stable order. */
  get containers(): readonly ContainerDetails[] {
    return [...this.#known.values()].map(({ details }) => details);
  }

  /** Running containers beyond the limit, when they were last listed. */
  get beyondLimit(): number {
    return this.#beyondLimit;
  }

  /** Whether any runtime has answered since the start. */
  get hasAnswered(): boolean {
    return this.#answered;
  }

  /** What went wrong when runtimes were last asked; null when nothing did. */
  get error(): string | null {
    return this.#errors.size === 0 ? null : [...this.#errors.values()].join('; ');
  }

  /** Something points to a change: containers were made, ended or begun anew. */
  note(): void {
    this.#due = LISTS_PER_CHANGE;
  }

  /** The container's process is gone: it ended, or began anew with another. */
  forget(id: string): void {
    this.#known.delete(id);
    this.note();
  }

  /** Asks, if it is time. Never fails; resolves when all have answered, or null when nobody is asked. */
  refresh(): Promise<void> | null {
    const { monotonic } = this.#options;
    if (this.#asking === null && monotonic() - this.#askedMs >= this.#waitMs()) {
      this.#askedMs = monotonic();
      this.#asking = this.#ask()
        .catch((error: unknown) => {
          this.#errors = new Map([['', messageOf(error)]]);
          this.#failures++;
        })
        .finally(() => {
          this.#asking = null;
        });
    }
    return this.#asking;
  }

  #waitMs(): number {
    if (this.#failures > 0) return Math.min(RETRY_MS * 2 ** (this.#failures - 1), RETRY_MS_MAX);
    return this.#due > 0 ? CHANGED_MS : UNCHANGED_MS;
  }

  async #ask(): Promise<void> {
    const sockets = this.#options.sockets();
    this.#due = Math.max(0, this.#due - 1);
    const errors = new Map<string, string>();
    const lists = new Map<string, readonly ListedContainer[]>();
    await Promise.all(
      sockets.map(async (socket) => {
        try {
          lists.set(socket, await this.#options.api.list(socket));
        } catch (error) {
          errors.set(socket, messageOf(error));
        }
      }),
    );
    this.#answered ||= lists.size > 0;
    const chosen = this.#choose(sockets, lists);
    this.#dropEnded(lists, chosen);
    await this.#askDetails(chosen, errors);
    this.#errors = errors;
    this.#failures = errors.size === 0 ? 0 : this.#failures + 1;
  }

  /**
   * Those to know, each once though two sockets may list it. Beyond the limit, containers that are known stay, and then
   * the oldest come first: those that are there to stay, rather than the last of many short ones.
   */
  #choose(
    sockets: readonly string[],
    lists: ReadonlyMap<string, readonly ListedContainer[]>,
  ): readonly Listed[] {
    const listed = new Map<string, Listed>();
    for (const socket of sockets) {
      for (const container of lists.get(socket) ?? []) {
        if (!listed.has(container.id)) listed.set(container.id, { ...container, socket });
      }
    }
    const rank = ({ id }: Listed) => (this.#known.has(id) ? 0 : 1);
    const sorted = [...listed.values()].sort(
      (a, b) => rank(a) - rank(b) || a.createdSeconds - b.createdSeconds || (a.id < b.id ? -1 : 1),
    );
    this.#beyondLimit = Math.max(0, sorted.length - this.#options.limit);
    return sorted.slice(0, this.#options.limit);
  }

  /** Containers of a runtime that did not answer are left: as long as they run they can be read without it. */
  #dropEnded(lists: ReadonlyMap<string, unknown>, chosen: readonly Listed[]): void {
    const ids = new Set(chosen.map(({ id }) => id));
    for (const [id, { socket }] of this.#known) {
      if (lists.has(socket) && !ids.has(id)) this.#known.delete(id);
    }
  }

  async #askDetails(chosen: readonly Listed[], errors: Map<string, string>): Promise<void> {
    const untilMs = this.#options.monotonic() + DETAILS_MS_MAX;
    const failures = new Map<string, number>();
    for (const { id, socket, name } of chosen) {
      if (this.#known.get(id)?.listedName === name) continue;
      if ((failures.get(socket) ?? 0) >= DETAILS_FAILURES_MAX) continue;
      if (this.#options.monotonic() >= untilMs) {
        this.note();
        return;
      }
      try {
        const details = await this.#options.api.inspect(socket, id);
        // It may have ended since it was listed.
        if (details === null || details.pid === 0) this.#known.delete(id);
        else this.#known.set(id, { socket, listedName: name, details: { ...details, id } });
      } catch (error) {
        errors.set(socket, messageOf(error));
        failures.set(socket, (failures.get(socket) ?? 0) + 1);
      }
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

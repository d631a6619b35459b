/**
 * A simulated fleet, as the test sees it: virtual hosts in a process of their own (simulator/main.ts). Spools outlive
 * kills and restarts of that process, and so do the hosts' clocks and settings, which stand here.
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child, sourcesEnv } from './child.ts';
import { PATIENCE_MS } from './eventually.ts';
import { REPOSITORY } from './programs.ts';
import type { Command, HistoryStats, HostSpec, HostStats, Reply } from './simulator/messages.ts';
import { tempDir } from './temp-dir.ts';

export type { HostSpec, HostStats } from './simulator/messages.ts';

export interface FleetOptions extends Partial<Omit<HostSpec, 'id' | 'name' | 'spool'>> {
  readonly gatewayUrl: string;
  readonly hosts: number;
  /** Hosts are named so with a number behind; `web` unless given. */
  readonly prefix?: string;
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
/** Writing a history of hours takes minutes. */
const HISTORY_MS_MAX = 20 * 60_000;

const DEFAULTS: Omit<HostSpec, 'id' | 'name' | 'spool' | 'gatewayUrl'> = {
  intervalMs: 1000,
  series: 100,
  seed: 1,
  labels: {},
  historyMs: 0,
  retentionMs: 48 * HOUR_MS,
  bytesMax: 4096 * MIB,
  // The spools are what a test holds everything against: nothing may go.
  keepAckedMs: 48 * HOUR_MS,
  wallOffsetMs: 0,
  boot: 0,
  connect: true,
  tick: true,
};

export class Simulator implements AsyncDisposable {
  readonly root: string;
  readonly #test: TestContext;
  readonly #specs = new Map<string, HostSpec>();
  /** What its command is preceded by. */
  readonly #inside: readonly string[];
  #child: Child;
  #commands = 0;

  private constructor(t: TestContext, root: string, inside: readonly string[], child: Child) {
    this.#test = t;
    this.root = root;
    this.#inside = inside;
    this.#child = child;
  }

  /**
   * Starts it without any host.
   * @param root for the spools; a temporary folder unless given.
   * @param inside a command that runs the rest of its line somewhere else: see `Nat`
   */
  static async start(t: TestContext, root?: string, inside: readonly string[] = []): Promise<Simulator> {
    const folder = root ?? (await tempDir(t));
    await mkdir(folder, { recursive: true });
    return new Simulator(t, folder, inside, await launch(t, inside));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The hosts that are there. */
  get hosts(): readonly HostSpec[] {
    return [...this.#specs.values()];
  }

  /** What the hosts had to tell. */
  get log(): readonly string[] {
    return this.#child.lines('stderr');
  }

  /** Starts hosts `PREFIX-1`, `PREFIX-2`, … with equal settings. @returns what was written as their history. */
  async addFleet({ hosts, prefix = 'web', ...settings }: FleetOptions): Promise<HistoryStats> {
    return await this.add(
      Array.from({ length: hosts }, (_, i) => ({ ...settings, id: `${prefix}-${i + 1}` })),
    );
  }

  /** Starts hosts. Name and spool are the id's unless given. */
  async add(
    hosts: readonly (Partial<HostSpec> & Pick<HostSpec, 'id' | 'gatewayUrl'>)[],
  ): Promise<HistoryStats> {
    const specs = hosts.map((host) => ({
      ...DEFAULTS,
      name: host.id,
      spool: join(this.root, host.id),
      ...host,
    }));
    const { history } = await this.#command({ do: 'start', hosts: specs }, HISTORY_MS_MAX);
    for (const spec of specs) this.#specs.set(spec.id, { ...spec, historyMs: 0 });
    return history ?? { batches: 0, tookMs: 0 };
  }

  async stats(): Promise<readonly HostStats[]> {
    return (await this.#command({ do: 'stats' })).stats ?? [];
  }

  /**
   * How long each batch's ack has taken since this was asked last, in ms, over all hosts (of each host the last thousand or
   * more), and the longest turn of the simulator's own event loop meanwhile, which acks had to wait for.
   */
  async latencies(): Promise<{ readonly acks: readonly number[]; readonly longestTurnMs: number }> {
    const { latencies = [], longestTurnMs = 0 } = await this.#command({ do: 'latencies' });
    return { acks: latencies, longestTurnMs };
  }

  async statsOf(id: string): Promise<HostStats> {
    const stats = (await this.stats()).find((host) => host.id === id);
    if (stats === undefined) throw new Error(`no host ${id}`);
    return stats;
  }

  /** They take no more ticks; what they took is still sent. All hosts unless some are named. */
  async rest(ids = this.#ids()): Promise<void> {
    await this.#command({ do: 'rest', ids });
    this.#set(ids, { tick: false });
  }

  async tick(ids = this.#ids()): Promise<void> {
    await this.#command({ do: 'tick', ids });
    this.#set(ids, { tick: true });
  }

  async connect(ids = this.#ids()): Promise<void> {
    await this.#command({ do: 'connect', ids });
    this.#set(ids, { connect: true });
  }

  /** They say goodbye and stay away; they go on sampling. */
  async disconnect(ids = this.#ids()): Promise<void> {
    await this.#command({ do: 'disconnect', ids });
    this.#set(ids, { connect: false });
  }

  /** Sets their wall clocks, forward or back. */
  async step(ids: readonly string[], ms: number): Promise<void> {
    await this.#command({ do: 'step', ids, ms });
    for (const id of ids) this.#set([id], { wallOffsetMs: this.spec(id).wallOffsetMs + ms });
  }

  async reboot(ids: readonly string[]): Promise<void> {
    await this.#command({ do: 'reboot', ids });
    for (const id of ids) this.#set([id], { boot: this.spec(id).boot + 1 });
  }

  /** Copies a host's spool as a snapshot of its disk would, while it runs. @returns the copy's folder. */
  async copySpool(id: string, name: string): Promise<string> {
    const to = join(this.root, name);
    await this.#command({ do: 'copy', ids: [id], to });
    return to;
  }

  /** Stops hosts and closes their spools, which stay. */
  async stop(ids = this.#ids()): Promise<void> {
    await this.#command({ do: 'stop', ids });
    for (const id of ids) this.#specs.delete(id);
  }

  /**
   * Stops a host, gives it another disk, and starts it again.
   * @param copy the folder to take the new spool from; null for an empty disk.
   * @returns the old spool's folder.
   */
  async replaceSpool(id: string, copy: string | null): Promise<string> {
    const spec = this.spec(id);
    await this.stop([id]);
    const kept = `${spec.spool}-before-${this.#commands}`;
    await cp(spec.spool, kept, { recursive: true });
    await rm(spec.spool, { recursive: true });
    if (copy !== null) await cp(copy, spec.spool, { recursive: true });
    await this.add([spec]);
    return kept;
  }

  spec(id: string): HostSpec {
    const spec = this.#specs.get(id);
    if (spec === undefined) throw new Error(`no host ${id}`);
    return spec;
  }

  /** Ends the process of all hosts. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#child.end(signal);
  }

  /** Starts it anew with the same hosts and spools. */
  async restart(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#child = await launch(this.#test, this.#inside);
    await this.#command({ do: 'start', hosts: this.hosts });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  #ids(): readonly string[] {
    return [...this.#specs.keys()];
  }

  #set(ids: readonly string[], change: Partial<HostSpec>): void {
    for (const id of ids) this.#specs.set(id, { ...this.spec(id), ...change });
  }

  async #command(command: Command, timeoutMs = PATIENCE_MS): Promise<Reply> {
    const number = ++this.#commands;
    this.#child.write(JSON.stringify({ number, ...command }));
    const [line] = await this.#child.line('stdout', new RegExp(`^\\{"reply":${number}[,}].*`), timeoutMs);
    // Written by the simulator's own `answer`.
    const reply = JSON.parse(line) as Reply;
    if (reply.error !== undefined) throw new Error(`the simulator cannot ${command.do}: ${reply.error}`);
    return reply;
  }
}

async function launch(t: TestContext, inside: readonly string[]): Promise<Child> {
  const main = join(REPOSITORY, 'test/support/simulator/main.ts');
  const [command = '', ...args] = [...inside, process.execPath, '--conditions=tributary-source', main];
  const child = await Child.spawn(t, {
    name: 'simulator',
    command,
    args,
    cwd: REPOSITORY,
    env: sourcesEnv(),
    input: true,
  });
  await child.line('stdout', /^ready$/);
  return child;
}

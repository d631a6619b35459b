/**
 * The fleet simulator: N virtual hosts in one process. It obeys commands on stdin (messages.ts) and ends with it, so
 * that it never outlives its test.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Command, HistoryStats, HostSpec, Reply } from './messages.ts';
import { VirtualHost } from './virtual-host.ts';

const turns = monitorEventLoopDelay();
turns.enable();
const hosts = new Map<string, VirtualHost>();

function hostOf(id: string): VirtualHost {
  const host = hosts.get(id);
  if (host === undefined) throw new Error(`no host ${id}`);
  return host;
}

/** Each is topped up in the end, since writing the history of a fleet takes a while. */
function writeHistories(fresh: readonly VirtualHost[]): HistoryStats {
  const startedMs = performance.now();
  let batches = 0;
  for (const host of fresh) batches += host.writeHistory();
  for (const host of fresh) batches += host.writeHistory();
  return { batches, tookMs: Math.round(performance.now() - startedMs) };
}

function start(specs: readonly HostSpec[]): HistoryStats {
  const fresh = specs.map((spec) => {
    if (hosts.has(spec.id)) throw new Error(`host ${spec.id} is there already`);
    const host = new VirtualHost(spec);
    hosts.set(spec.id, host);
    return host;
  });
  const history = writeHistories(fresh.filter(({ spec }) => spec.historyMs > 0));
  for (const host of fresh) {
    if (host.spec.tick) host.tick();
    if (host.spec.connect) host.connect();
  }
  return history;
}

function takeLatencies(): Pick<Reply, 'latencies' | 'longestTurnMs'> {
  const longestTurnMs = Math.round(turns.max / 1e6);
  turns.reset();
  return { latencies: [...hosts.values()].flatMap((host) => host.takeLatencies()), longestTurnMs };
}

async function obey(command: Command): Promise<Omit<Reply, 'reply'>> {
  switch (command.do) {
    case 'start':
      return { history: start(command.hosts) };
    case 'stats':
      return { stats: [...hosts.values()].map((host) => host.stats()) };
    case 'latencies':
      return takeLatencies();
    case 'stop':
      await Promise.all(command.ids.map((id) => hostOf(id).stop()));
      for (const id of command.ids) hosts.delete(id);
      return {};
    case 'step':
      for (const id of command.ids) hostOf(id).step(command.ms);
      return {};
    case 'copy':
      for (const id of command.ids) hostOf(id).copySpool(command.to);
      return {};
    case 'tick':
    case 'connect':
      for (const id of command.ids) hostOf(id)[command.do]();
      return {};
    case 'rest':
    case 'disconnect':
    case 'reboot': {
      const { do: action } = command;
      await Promise.all(command.ids.map((id) => hostOf(id)[action]()));
      return {};
    }
  }
}

async function answer(line: string): Promise<void> {
  // Written by Simulator, which shares the type.
  const { number, ...command } = JSON.parse(line) as Command & { number: number };
  let reply: Reply;
  try {
    reply = { reply: number, ...(await obey(command as Command)) };
  } catch (error) {
    reply = { reply: number, error: (error as Error).stack ?? String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  answer(line).catch((error: unknown) => {
    process.stderr.write(`${error}\n`);
    process.exit(1);
  });
});
input.once('close', () => process.exit(0));
process.once('SIGTERM', () => {
  const all = [...hosts.values()].map((host) => host.stop());
  Promise.allSettled(all).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.stdout.write('ready\n');

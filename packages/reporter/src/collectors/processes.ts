/**
 * node_processes_* from `/proc/PID/stat` and `/proc/PID/task/TID/stat`: processes and threads by state.
 *
 * Off by default, as in node_exporter: it reads a file a thread, some 20 µs each, so a host with thousands of threads
 * pays tens of milliseconds a tick.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Collector, ColumnWriter, Roots } from './collector.ts';
import { badLine, errorCode, isAbsent, numberIn, parseFile, parseNumber, words } from './source.ts';

export interface TaskStat {
  /** One letter, such as R or S. */
  readonly state: string;
  readonly threads: number;
}

/** The name, in parentheses, may hold spaces and parentheses itself. */
export function parseTaskStat(text: string): TaskStat {
  const end = text.lastIndexOf(')');
  const fields = words(text.slice(end + 1));
  const state = fields[0];
  if (end < 0 || state === undefined) throw badLine('expected "pid (name) state …"', text);
  return { state, threads: numberIn(fields[17], text) };
}

/** Null for a task that ended since it was listed. */
function readTask(path: string): TaskStat | null {
  try {
    return parseFile(path, parseTaskStat);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The numbers in a folder of `/proc`, which are processes or threads; none when it is gone. */
function idsIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** ESRCH is what reading says of a task that ended after its file was opened. */
function isGone(error: unknown): boolean {
  return isAbsent(error) || errorCode(error) === 'ESRCH';
}

interface Tasks {
  processes: number;
  threads: number;
  readonly processStates: Map<string, number>;
  readonly threadStates: Map<string, number>;
}

function readTasks(proc: string): Tasks {
  const tasks: Tasks = { processes: 0, threads: 0, processStates: new Map(), threadStates: new Map() };
  const count = (states: Map<string, number>, state: string) =>
    states.set(state, (states.get(state) ?? 0) + 1);
  for (const pid of idsIn(proc)) {
    const stat = readTask(join(proc, pid, 'stat'));
    if (stat === null) continue;
    tasks.processes++;
    tasks.threads += stat.threads;
    count(tasks.processStates, stat.state);
    // Most processes have one thread, which need not be read again.
    const threadIds = stat.threads === 1 ? [pid] : idsIn(join(proc, pid, 'task'));
    for (const id of threadIds) {
      const thread = id === pid ? stat : readTask(join(proc, pid, 'task', id, 'stat'));
      if (thread !== null) count(tasks.threadStates, thread.state);
    }
  }
  return tasks;
}

function writeStates(out: ColumnWriter, states: ReadonlyMap<string, number>): void {
  // Sorted, so that the order does not change with the order of processes.
  for (const [state, count] of [...states].sort()) out.add(count, state);
}

export function createProcessesCollector(roots: Roots): Collector {
  const threadsMax = join(roots.proc, 'sys/kernel/threads-max');
  const pidMax = join(roots.proc, 'sys/kernel/pid_max');
  return {
    name: 'processes',
    collect(out) {
      const { processes, threads, processStates, threadStates } = readTasks(roots.proc);
      const threadLimit = parseFile(threadsMax, parseNumber);
      const pidLimit = parseFile(pidMax, parseNumber);
      out.family('node_processes_threads', 'gauge', 'Allocated threads in system');
      out.add(threads);
      out.family('node_processes_max_threads', 'gauge', 'Limit of threads in the system');
      out.add(threadLimit);
      out.family('node_processes_state', 'gauge', 'Number of processes in each state.', ['state']);
      writeStates(out, processStates);
      out.family('node_processes_threads_state', 'gauge', 'Number of threads in each state.', [
        'thread_state',
      ]);
      writeStates(out, threadStates);
      out.family('node_processes_pids', 'gauge', 'Number of PIDs');
      out.add(processes);
      out.family('node_processes_max_processes', 'gauge', 'Number of max PIDs limit');
      out.add(pidLimit);
    },
  };
}

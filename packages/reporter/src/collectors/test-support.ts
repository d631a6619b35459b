/** Help for this folder's tests: running a collector once and showing what it wrote. Not loaded by the reporter. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Collector, Roots } from './collector.ts';
import { type Column, ColumnRecorder } from './columns.ts';
import type { RunSystemctl } from './systemd-show.ts';
import type { AskTimex } from './timex-call.ts';

const FIXTURES = fileURLToPath(new URL('./fixtures', import.meta.url));

/** A small host: four CPUs, a few disks, one network mount. */
export const FIXTURE_ROOTS: Roots = {
  proc: join(FIXTURES, 'proc'),
  sys: join(FIXTURES, 'sys'),
  root: join(FIXTURES, 'root'),
};

export const GOLDEN_FILE = join(FIXTURES, 'golden.txt');

/** Runs one tick. */
export async function collectOnce(
  collector: Collector,
  signal: AbortSignal = new AbortController().signal,
): Promise<Column | null> {
  const recorder = new ColumnRecorder({});
  await collector.collect(recorder, signal);
  return recorder.take();
}

/** Shows a column as Prometheus's text format does, families in the order in which they were written. */
export function render(column: Column | null): string {
  if (column === null) return '';
  const lines: string[] = [];
  let i = 0;
  for (const { name, type, help, series } of column.shape.families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [suffix, labels] of series) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
      const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
      lines.push(`${name}${suffix}${braces} ${column.values[i++] ?? 'absent'}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** One tick as text. */
export async function renderOnce(collector: Collector): Promise<string> {
  return render(await collectOnce(collector));
}

/** The lines of samples of one family, without its name: `{cpu="0"} 1`. */
export function samplesOf(text: string, family: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) || line.startsWith(`${family} `))
    .map((line) => line.slice(family.length).trim());
}

/** Writes files below a new folder, which is removed after the test. Paths begin with `proc/`, `sys/` or `root/`. */
export function temporaryRoots(t: TestContext, files: Readonly<Record<string, string>>): Roots {
  const base = mkdtempSync(join(tmpdir(), 'collectors-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  return { proc: join(base, 'proc'), sys: join(base, 'sys'), root: join(base, 'root') };
}

/**
 * Makes a folder of the files in a text of `fixtures/`, for hosts whose `/sys` has links and colons in names, which not
 * every system that this repository is cloned on allows. Each file is a line `== PATH` and what follows it up to the
 * next; a link is a line `== PATH -> TARGET`.
 */
export function unpackRoots(t: TestContext, name: string): Roots {
  const roots = temporaryRoots(t, {});
  unpackInto(dirname(roots.sys), name);
  return roots;
}

/** See unpackRoots; `base` gets the folders `proc` and `sys`. */
export function unpackInto(base: string, name: string): void {
  for (const part of `\n${readFileSync(join(FIXTURES, name), 'utf8')}`.split('\n== ').slice(1)) {
    const newline = `${part}\n`.indexOf('\n');
    const [path = '', target] = part.slice(0, newline).split(' -> ');
    mkdirSync(dirname(join(base, path)), { recursive: true });
    if (target === undefined) writeFileSync(join(base, path), `${part.slice(newline + 1)}\n`);
    else symlinkSync(target, join(base, path));
  }
}

/** What Perl or Python print of a clock that chrony keeps, in nanoseconds. */
export const FIXTURE_TIMEX: AskTimex = () =>
  Promise.resolve(
    '0 0 -182344 1437591 21500 512 8193 7 1 32768000 1772000000 125000 10000 0 0 0 0 0 0 0 0 37\n',
  );

/** A systemd with three units, for collectors that are given the program to ask. */
export const FIXTURE_SYSTEMCTL: RunSystemctl = (args) => {
  const units = [
    'Id=ssh.service\nLoadState=loaded\nActiveState=active\nType=notify\nNRestarts=2\n',
    'Id=cups.socket\nLoadState=loaded\nActiveState=active\nNAccepted=3\nNConnections=1\nNRefused=0\n',
    'Id=apt.timer\nLoadState=loaded\nActiveState=active\nLastTriggerUSec=@1771000000\n',
  ];
  return Promise.resolve(
    args.includes('*') ? units.join('\n') : 'Version=252.39\nVirtualization=kvm\nSystemState=running\n',
  );
};

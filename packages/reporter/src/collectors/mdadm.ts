/**
 * Software RAID, from `/proc/mdstat`: a paragraph for each array, of which the first line tells its state and disks and
 * the second its size; a third tells how far a recovery has come.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, type ColumnWriter, NoDataError, type Roots } from './collector.ts';
import { badLine, eachLine, FormatError, numberIn, parseFile, words } from './source.ts';

/** As node_exporter has them: an array that is being reshaped is in none of these. */
const STATES = ['active', 'inactive', 'recovering', 'resync', 'check'] as const;

export interface MdArray {
  readonly device: string;
  state: string;
  disksActive: number;
  /** How many it is made for. */
  disksTotal: number;
  readonly disksFailed: number;
  readonly disksSpare: number;
  blocks: number;
  blocksSynced: number;
}

/** What a disk's name is followed by when it has failed or only waits: `sdb1[2](F)`. */
function countDisks(disks: readonly string[], mark: string): number {
  return disks.filter((disk) => disk.includes(mark)).length;
}

function parseHead(line: string): MdArray {
  const [device = '', colon, state = '', ...rest] = words(line);
  if (colon !== ':' || state === '') throw badLine('expected "device : state"', line);
  const disks = rest.filter((word) => word.includes('['));
  const disksFailed = countDisks(disks, '(F)');
  const disksSpare = countDisks(disks, '(S)');
  const disksActive = disks.length - disksFailed - disksSpare;
  return { device, state, disksActive, disksTotal: 0, disksFailed, disksSpare, blocks: 0, blocksSynced: 0 };
}

const BLOCKS = /^\s*(\d+) blocks/;
/** How many disks there should be and how many work: `[8/7]`. */
const MEMBERS = /\[(\d+)\/(\d+)\]/;
const PROGRESS = /(recovery|resync|reshape|check)\s*=\s*[\d.]+%\s*\((\d+)\/\d+\)/;
/** Those that wait for another array of the same disks, or for the first write. */
const WAITING = /(recovery|resync|reshape|check)\s*=\s*(DELAYED|PENDING|REMOTE)/;

function takeSize(array: MdArray, line: string): void {
  const blocks = BLOCKS.exec(line);
  if (blocks === null) throw badLine('expected the number of blocks', line);
  array.blocks = numberIn(blocks[1], line);
  array.blocksSynced = array.blocks;
  const members = MEMBERS.exec(line);
  if (members !== null) {
    array.disksTotal = numberIn(members[1], line);
    array.disksActive = numberIn(members[2], line);
  } else {
    // Without redundancy every disk is needed.
    array.disksTotal = array.disksActive;
  }
  // One that does not run has no disks at work, whatever it was when it stopped.
  if (array.state === 'inactive') {
    array.disksActive = 0;
    array.disksTotal = 0;
  }
}

function takeProgress(array: MdArray, line: string): void {
  const progress = PROGRESS.exec(line);
  const waiting = progress === null ? WAITING.exec(line) : null;
  const what = progress?.[1] ?? waiting?.[1];
  if (what === undefined) return;
  array.state = what === 'recovery' ? 'recovering' : what;
  array.blocksSynced = progress === null ? 0 : numberIn(progress[2], line);
}

export function parseMdstat(text: string): MdArray[] {
  const arrays: MdArray[] = [];
  let array: MdArray | null = null;
  let hasSize = true;
  const checkSize = () => {
    if (!hasSize) throw new FormatError(`array ${array?.device} has no line with its size`);
  };
  eachLine(text, (line) => {
    if (/^\s*$/.test(line) || line.startsWith('Personalities') || line.startsWith('unused devices')) return;
    if (!/^\s/.test(line)) {
      checkSize();
      array = parseHead(line);
      arrays.push(array);
      hasSize = false;
    } else if (array === null) {
      throw badLine('a line of no array', line);
    } else if (!hasSize) {
      takeSize(array, line);
      hasSize = true;
    } else {
      takeProgress(array, line);
    }
  });
  checkSize();
  return arrays;
}

function write(out: ColumnWriter, arrays: readonly MdArray[]): void {
  const disksHelp = 'Number of active/failed/spare disks of device.';
  out.family('node_md_disks', 'gauge', disksHelp, ['device', 'state']);
  for (const { device, disksActive, disksFailed, disksSpare } of arrays) {
    out.add(disksActive, device, 'active');
    out.add(disksFailed, device, 'failed');
    out.add(disksSpare, device, 'spare');
  }
  out.family('node_md_disks_required', 'gauge', 'Total number of disks of device.', ['device']);
  for (const { device, disksTotal } of arrays) out.add(disksTotal, device);
  out.family('node_md_state', 'gauge', 'Indicates the state of md-device.', ['device', 'state']);
  for (const { device, state } of arrays) {
    for (const known of STATES) out.add(state === known ? 1 : 0, device, known);
  }
  out.family('node_md_blocks', 'gauge', 'Total number of blocks on device.', ['device']);
  for (const { device, blocks } of arrays) out.add(blocks, device);
  out.family('node_md_blocks_synced', 'gauge', 'Number of blocks synced on device.', ['device']);
  for (const { device, blocksSynced } of arrays) out.add(blocksSynced, device);
}

export function createMdadmCollector(roots: Roots): Collector {
  const path = join(roots.proc, 'mdstat');
  return {
    name: 'mdadm',
    collect(out) {
      if (!existsSync(path)) throw new NoDataError(`there is no ${path}`);
      write(out, parseFile(path, parseMdstat));
    },
  };
}

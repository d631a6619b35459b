/**
 * What the host is made of: machine, board, firmware, processors, memory, disks, GPUs, system. Asked in a short-lived child
 * (../system-child) a minute after the start and then once an hour, both jittered, so that hosts of one image, or started by one
 * power cut, do not all do it at once. Off by default: the child starts programs (dmidecode, lsblk, nvidia-smi, smartctl where
 * they are there), which users of node_exporter do not expect, and which can wake a disk or a GPU that sleeps.
 *
 * What was found is told in every tick, because Prometheus takes a series without samples for gone after five minutes, and a
 * join with it would find nothing for 55 minutes of an hour. That is cheap: the same labels and values as in the tick before.
 */
import { type Collector, type ColumnWriter, PartialDataError } from '../collector.ts';
import { defaultsOf } from '../collector-options.ts';
import { type AskChild, createAskChild, INVENTORY_CHILD } from '../system-child/ask-child.ts';
import type { Question } from '../system-child/questions.ts';
import {
  decodeBios,
  decodeBoard,
  decodeCpu,
  decodeDisks,
  decodeGpus,
  decodeModules,
  decodeOs,
  decodeSystem,
} from './decode.ts';
import {
  type WriteOptions,
  writeBios,
  writeBoard,
  writeCpu,
  writeDisks,
  writeGpus,
  writeModules,
  writeOs,
  writeSystem,
} from './families.ts';
import { INVENTORY_OPTIONS, type InventoryOptions } from './options.ts';

const MINUTE_MS = 60_000;

/** The first inventory comes after half to one and a half of this, later ones after the interval and a tenth more or less. */
const FIRST_MS = MINUTE_MS;
const JITTER = 0.1;

/** One part of the inventory, checked: writes itself. */
interface Part {
  readonly write: (out: ColumnWriter, options: WriteOptions, isNew: boolean) => void;
  readonly leftOut: number;
}

function part<T>(
  decode: (value: unknown) => T,
  write: (out: ColumnWriter, decoded: T, options: WriteOptions, isNew: boolean) => void,
): (value: unknown) => Part {
  return (value) => {
    const decoded = decode(value);
    return {
      write: (out, options, isNew) => write(out, decoded, options, isNew),
      leftOut: leftOutOf(decoded),
    };
  };
}

function leftOutOf(decoded: unknown): number {
  const isCut = typeof decoded === 'object' && decoded !== null && 'leftOut' in decoded;
  return isCut && typeof decoded.leftOut === 'number' ? decoded.leftOut : 0;
}

/** In the order in which they are told. */
const PARTS: ReadonlyMap<Question, (value: unknown) => Part> = new Map([
  ['system', part(decodeSystem, writeSystem)],
  ['baseboard', part(decodeBoard, writeBoard)],
  ['bios', part(decodeBios, writeBios)],
  ['cpu', part(decodeCpu, writeCpu)],
  ['memory_modules', part(decodeModules, writeModules)],
  ['disks', part(decodeDisks, writeDisks)],
  ['os', part(decodeOs, writeOs)],
  ['graphics', part(decodeGpus, (out, gpus, _options, isNew) => writeGpus(out, gpus, isNew))],
]);
const QUESTIONS: readonly Question[] = [...PARTS.keys()];

export interface InventoryParts {
  /** In ms since 1970. */
  readonly now: () => number;
  /** Whether there is only one tick, which then waits for the inventory. */
  readonly once?: boolean;
  /** A child of its own, unless given. */
  readonly ask?: AskChild | undefined;
  readonly monotonic?: () => number;
  /** From 0 to less than 1. */
  readonly random?: () => number;
}

export function createInventoryCollector(
  parts: InventoryParts,
  options: InventoryOptions = defaultsOf(INVENTORY_OPTIONS),
): Collector {
  const { now, once = false, ask = createAskChild(INVENTORY_CHILD) } = parts;
  const { monotonic = () => performance.now(), random = Math.random } = parts;
  const inventory = new Inventory(now);
  let asking: Promise<void> | null = null;
  let dueAt = once ? Number.NEGATIVE_INFINITY : monotonic() + FIRST_MS * (0.5 + random());
  return {
    name: 'inventory',
    async collect(out) {
      if (asking === null && monotonic() >= dueAt) {
        dueAt = monotonic() + options.interval * (1 - JITTER + 2 * JITTER * random());
        asking = inventory.ask(ask).finally(() => {
          asking = null;
        });
      }
      if (once) await asking;
      inventory.write(out, options);
    },
  };
}

/** What is known by now. A part that was not answered this time stays what it was: hardware seldom goes, programs often hang. */
class Inventory {
  readonly #now: () => number;
  readonly #parts = new Map<Question, Part>();
  readonly #errors = new Map<Question, string>();
  #takenAtMs: number | null = null;
  /** Answered by the last inventory, and not told since. */
  readonly #fresh = new Set<Question>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async ask(ask: AskChild): Promise<void> {
    const answers = await ask(QUESTIONS);
    this.#errors.clear();
    for (const [question, decode] of PARTS) {
      const answer = answers.get(question) ?? { error: 'no answer' };
      if ('error' in answer) {
        this.#errors.set(question, answer.error);
        continue;
      }
      this.#parts.set(question, decode(answer.value));
      this.#fresh.add(question);
    }
    this.#takenAtMs = this.#now();
  }

  /** @throws PartialDataError when the last inventory did not get every answer. */
  write(out: ColumnWriter, { serials }: InventoryOptions): void {
    if (this.#takenAtMs === null) return;
    out.family(
      'node_inventory_timestamp_seconds',
      'gauge',
      'When the last inventory was taken, in unixtime.',
    );
    out.add(this.#takenAtMs / 1000);
    const successHelp = 'Whether that part of the last inventory was answered; else the one before holds.';
    out.family('node_inventory_part_success', 'gauge', successHelp, ['name']);
    for (const question of QUESTIONS) out.add(this.#errors.has(question) ? 0 : 1, question);
    const leftOutHelp = 'Items that the last inventory left out, because a part had too many.';
    out.family('node_inventory_left_out_items', 'gauge', leftOutHelp, ['name']);
    for (const [question, { leftOut }] of this.#parts) if (leftOut > 0) out.add(leftOut, question);
    for (const question of QUESTIONS) {
      this.#parts.get(question)?.write(out, { serials }, this.#fresh.has(question));
    }
    this.#fresh.clear();
    const errors = [...this.#errors].map(([question, error]) => `${question}: ${error}`);
    if (errors.length > 0) throw new PartialDataError(errors.join('; '));
  }
}

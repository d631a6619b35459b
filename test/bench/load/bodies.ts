/** The groups of each batch of a fleet, as the wire has them. No two hosts have the same values. */
import { encodeGroup } from '@tributary/shared/encode';
import { columnOf, type TemplateGroup } from './template.ts';

/** A host says the same again after so many ticks, which is no less than a block of the ledger has. */
export const TICKS = 64;
/** Some 100 MB. A small fleet that sends as fast as it can says the same very often; a large one makes its texts as it goes. */
const KEPT_MAX = 20_000;

export class Bodies {
  readonly #groups: readonly TemplateGroup[];
  readonly #kept: string[] | null;

  constructor(groups: readonly TemplateGroup[], hosts: number) {
    this.#groups = groups;
    this.#kept = (hosts + 1) * TICKS <= KEPT_MAX ? [] : null;
  }

  of(host: number, seq: number): string {
    const tick = seq % TICKS;
    if (this.#kept === null) return this.#make(host, tick);
    const place = host * TICKS + tick;
    this.#kept[place] ??= this.#make(host, tick);
    return this.#kept[place];
  }

  #make(host: number, tick: number): string {
    return `[${this.#groups.map((group, g) => encodeGroup(g + 1, columnOf(group, g, host, tick))).join()}]`;
  }
}

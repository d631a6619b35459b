/**
 * Gathers series whose families come up in no particular order, and writes them family by family.
 *
 * For collectors that walk over devices of which each has other families. A series that was already there is dropped:
 * two devices can have the same name, and a series may be told only once.
 */
import type { MetricType } from '@tributary/shared/shape';
import type { ColumnWriter } from './collector.ts';

export interface FamilyHead {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

interface GatheredFamily extends FamilyHead {
  readonly labelNames: readonly string[];
  readonly series: Map<string, { readonly value: number; readonly labels: readonly string[] }>;
}

export class SeriesTable {
  readonly #families = new Map<string, GatheredFamily>();

  /** The first `add` of a family says its type, help and label names. */
  add(head: FamilyHead, labelNames: readonly string[], value: number, ...labels: string[]): void {
    let family = this.#families.get(head.name);
    if (family === undefined) {
      family = { ...head, labelNames, series: new Map() };
      this.#families.set(head.name, family);
    }
    const key = labels.join('\0');
    if (!family.series.has(key)) family.series.set(key, { value, labels });
  }

  writeTo(out: ColumnWriter): void {
    for (const { name, type, help, labelNames, series } of this.#families.values()) {
      out.family(name, type, help, labelNames);
      for (const { value, labels } of series.values()) out.add(value, ...labels);
    }
  }
}

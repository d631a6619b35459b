/** Expositions of the fleet, with the layouts that are worth keeping from one to the next. */
import type { Fleet } from '../fleet/fleet.ts';
import type { OwnFamily } from '../telemetry/own-family.ts';
import { fleetSeries } from './fleet-series.ts';
import type { Format } from './format.ts';
import { createLayout, hostCounts, type Layout, layoutFits } from './layout.ts';
import { newestInput } from './newest.ts';
import { render } from './render.ts';

export interface ExpositionSources {
  readonly fleet: Fleet;
  /** The gateway's own families about itself, read now. */
  readonly own: () => Promise<OwnFamily[]>;
}

export class Exposition {
  readonly #sources: ExpositionSources;
  readonly #layouts = new Map<Format, Layout>();

  constructor(sources: ExpositionSources) {
    this.#sources = sources;
  }

  /** Families that the last exposition could not show as what hosts say they are. */
  get demotedFamilies(): number {
    return [...this.#layouts.values()].reduce((most, { demoted }) => Math.max(most, demoted.families), 0);
  }

  /** The newest point of every fresh series, and the own series: the chunks of one body. */
  async newest(format: Format): Promise<Generator<string, void, undefined>> {
    const { fleet, own } = this.#sources;
    const families = [...fleetSeries(fleet), ...(await own())];
    const input = newestInput(fleet.groups(), fleet.freshSince());
    const counts = hostCounts(input);
    let layout = this.#layouts.get(format);
    if (layout === undefined || !layoutFits(layout, counts, families)) {
      layout = createLayout(format, counts, families);
      this.#layouts.set(format, layout);
    }
    return render(layout, input, families);
  }
}

/** Expositions of the fleet, with the layouts that are worth keeping from one to the next. */
import type { Fleet } from '../fleet/fleet.ts';
import type { OwnFamily } from '../telemetry/own-family.ts';
import { fleetSeries } from './fleet-series.ts';
import type { Format } from './format.ts';
import { createLayout, hostCounts, type Layout, layoutFits } from './layout.ts';
import { freshCounts, newestInput } from './newest.ts';
import { render } from './render.ts';
import { selectOwn } from './select/apply.ts';
import { prepareSelection } from './select/prepare.ts';
import { EVERYTHING, type Selection } from './select/selection.ts';

export interface ExpositionSources {
  readonly fleet: Fleet;
  /** The gateway's own families about itself, none of them per host, read now. */
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

  /**
   * The newest point of every fresh series that is selected, and the own series: the chunks of one body. What families
   * there are, and their types and help, is decided over the whole fleet, so that one layout serves every selection.
   */
  async newest(
    format: Format,
    selection: Selection = EVERYTHING,
  ): Promise<Generator<string, void, undefined>> {
    const { fleet, own } = this.#sources;
    await prepareSelection(selection, fleet.groups());
    const aboutItself = await own();
    const families = [...fleetSeries(fleet, selection), ...selectOwn(aboutItself, selection, false)];
    const freshSince = fleet.freshSince();
    const input = newestInput(fleet.groups(), freshSince, selection);
    const counts = selection === EVERYTHING ? hostCounts(input) : freshCounts(fleet.groups(), freshSince);
    let layout = this.#layouts.get(format);
    if (layout === undefined || !layoutFits(layout, counts, families)) {
      layout = createLayout(format, counts, families);
      this.#layouts.set(format, layout);
    }
    return render(layout, input, families);
  }
}

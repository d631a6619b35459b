/** Expositions of the fleet, with the layouts that are worth keeping from one to the next. */
import type { Fleet } from '../fleet/fleet.ts';
import type { AdmittedShape } from '../link/admission.ts';
import type { OwnFamily } from '../telemetry/own-family.ts';
import { fleetSeries } from './fleet-series.ts';
import type { Format } from './format.ts';
import type { HostInput } from './input.ts';
import { createLayout, hostCounts, type Layout, layoutFits } from './layout.ts';
import { freshCounts, newestInput } from './newest.ts';
import type { Tally } from './own-lines.ts';
import { render } from './render.ts';
import type { ScraperReports } from './replay/reports.ts';
import { scraperSeries } from './scraper-series.ts';
import { selectOwn } from './select/apply.ts';
import { prepareSelection } from './select/prepare.ts';
import { EVERYTHING, type Selection } from './select/selection.ts';

export interface ExpositionSources {
  readonly fleet: Fleet;
  readonly reports: ScraperReports;
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
   * @param tally counts what was written so far
   */
  async newest(
    format: Format,
    selection: Selection = EVERYTHING,
    tally: Tally = { own: 0, chars: 0 },
  ): Promise<Generator<string, void, undefined>> {
    const { fleet } = this.#sources;
    await this.prepare(selection);
    const families = await this.#ownFamilies(selection);
    const freshSince = fleet.freshSince();
    const input = newestInput(fleet.groups(), freshSince, selection);
    const counts = selection === EVERYTHING ? hostCounts(input) : freshCounts(fleet.groups(), freshSince);
    return this.#render(format, input, counts, families, tally);
  }

  /** Finds out what is selected, a little at a time; to be called before the points of a replay are collected. */
  async prepare(selection: Selection): Promise<void> {
    await prepareSelection(selection, this.#sources.fleet.groups());
  }

  /** A body of the given points, and the own series. @param tally counts what was written so far */
  async replay(
    format: Format,
    input: HostInput,
    selection: Selection,
    tally: Tally,
  ): Promise<Generator<string, void, undefined>> {
    const { fleet } = this.#sources;
    const families = await this.#ownFamilies(selection);
    // Types and help are those of the whole fleet, not of what happens to be in this body.
    const counts = freshCounts(fleet.groups(), Number.NEGATIVE_INFINITY);
    for (const [shape, hosts] of input) if (!counts.has(shape)) counts.set(shape, hosts.length);
    return this.#render(format, input, counts, families, tally);
  }

  async #ownFamilies(selection: Selection): Promise<OwnFamily[]> {
    const { fleet, reports, own } = this.#sources;
    const scrapers = selection.includesProcess ? await reports.all() : [];
    const aboutItself = [...scraperSeries(scrapers), ...(await own())];
    return [...fleetSeries(fleet, selection), ...selectOwn(aboutItself, selection, false)];
  }

  #render(
    format: Format,
    input: HostInput,
    counts: ReadonlyMap<AdmittedShape, number>,
    families: readonly OwnFamily[],
    tally: Tally,
  ): Generator<string, void, undefined> {
    let layout = this.#layouts.get(format);
    if (layout === undefined || !layoutFits(layout, counts, families)) {
      layout = createLayout(format, counts, families);
      this.#layouts.set(format, layout);
    }
    return render(layout, input, families, tally);
  }
}

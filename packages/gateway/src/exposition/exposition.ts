/** Expositions of the fleet, with the layouts that are worth keeping from one to the next. */
import type { Fleet } from '../fleet/fleet.ts';
import type { HostGroup } from '../fleet/host.ts';
import type { OwnFamily } from '../telemetry/own-family.ts';
import { BodyBuffers } from './body-buffers.ts';
import { fleetSeries } from './fleet-series.ts';
import type { Format } from './format.ts';
import type { HostInput } from './input.ts';
import { createLayout, type Layout, layoutFits } from './layout.ts';
import { narrow } from './narrow.ts';
import { newestInput } from './newest.ts';
import type { Tally } from './own-lines.ts';
import { render } from './render.ts';
import type { ScraperReports } from './replay/reports.ts';
import { RowPages } from './rows.ts';
import { scraperSeries } from './scraper-series.ts';
import { selectOwn } from './select/apply.ts';
import { selectedHosts } from './select/hosts.ts';
import { prepareSelection } from './select/prepare.ts';
import { EVERYTHING, type Selection } from './select/selection.ts';
import { Votes } from './votes.ts';

export interface ExpositionSources {
  readonly fleet: Fleet;
  readonly reports: ScraperReports;
  /** The gateway's own families about itself, none of them per host, read now. */
  readonly own: () => Promise<OwnFamily[]>;
  /** Milliseconds that never step. */
  readonly uptimeMs: () => number;
}

/** So long the families of the gateway itself are taken to be those that they were. */
const EMPTY_STANDS_MS = 5_000;

export class Exposition {
  readonly #sources: ExpositionSources;
  readonly #layouts = new Map<Format, Layout>();
  readonly #votes: Votes;
  readonly #pages = new RowPages();
  /** The families of the gateway itself, without series. */
  #empty: readonly OwnFamily[] = [];
  #emptyAt = Number.NEGATIVE_INFINITY;

  constructor(sources: ExpositionSources) {
    this.#sources = sources;
    this.#votes = new Votes({ groups: () => sources.fleet.groups(), uptimeMs: sources.uptimeMs });
  }

  /** Families that the last exposition could not show as what hosts say they are. */
  get demotedFamilies(): number {
    return [...this.#layouts.values()].reduce((most, { demoted }) => Math.max(most, demoted.families), 0);
  }

  /**
   * The newest point of every fresh series that is selected, and the own series: the chunks of one body. What families
   * there are, and their types and help, is decided over the whole fleet, so that one layout serves every selection.
   * @param tally counts what was written so far
   * @param buffers what the chunks are made in; whoever is done with a chunk may give it back there
   */
  async newest(
    format: Format,
    selection: Selection = EVERYTHING,
    tally: Tally = { own: 0, bytes: 0 },
    buffers: BodyBuffers = new BodyBuffers(),
  ): Promise<Generator<Buffer, void, undefined>> {
    const { fleet } = this.#sources;
    await this.prepare(selection);
    const families = await this.#ownFamilies(selection);
    const input = newestInput(this.#groups(selection), fleet.freshSince(), selection);
    return this.#render(format, input, selection, families, tally, buffers);
  }

  /** Finds out what is selected, a little at a time; to be called before the points of a replay are collected. */
  async prepare(selection: Selection): Promise<void> {
    await prepareSelection(selection, this.#groups(selection));
  }

  /** A body of the given points, and the own series. @param tally counts what was written so far */
  async replay(
    format: Format,
    input: HostInput,
    selection: Selection,
    tally: Tally,
    buffers: BodyBuffers = new BodyBuffers(),
  ): Promise<Generator<Buffer, void, undefined>> {
    const families = await this.#ownFamilies(selection);
    return this.#render(format, input, selection, families, tally, buffers);
  }

  #groups(selection: Selection): Iterable<HostGroup> {
    const { fleet } = this.#sources;
    if (selection.hosts === null) return fleet.groups();
    return selectedHosts(fleet, selection).flatMap((host) => [...host.groups.values()]);
  }

  async #ownFamilies(selection: Selection): Promise<OwnFamily[]> {
    return [...fleetSeries(this.#sources.fleet, selection), ...(await this.#aboutItself(selection))];
  }

  async #aboutItself(selection: Selection): Promise<readonly OwnFamily[]> {
    const { reports, own, uptimeMs } = this.#sources;
    if (selection.includesProcess)
      return selectOwn([...scraperSeries(await reports.all()), ...(await own())], selection, false);
    // What an exposition looks like does not hang on a selection, so which families there are is needed all the same.
    // Their values are not, and reading them costs more than a host.
    if (uptimeMs() - this.#emptyAt >= EMPTY_STANDS_MS) {
      const families = [...scraperSeries([]), ...(await own())];
      this.#empty = families.map((family) => ({ ...family, series: () => [] }));
      this.#emptyAt = uptimeMs();
    }
    return this.#empty;
  }

  #render(
    format: Format,
    input: HostInput,
    selection: Selection,
    families: readonly OwnFamily[],
    tally: Tally,
    buffers: BodyBuffers,
  ): Generator<Buffer, void, undefined> {
    // Types and help are those of the whole fleet, not of what happens to be in this body.
    const counts = this.#votes.of(input, selection === EVERYTHING);
    let layout = this.#layouts.get(format);
    if (layout === undefined || !layoutFits(layout, counts, families)) {
      layout = createLayout(format, counts, families);
      this.#layouts.set(format, layout);
    }
    return render(narrow(layout, input), input, families, tally, { buffers, pages: this.#pages });
  }
}

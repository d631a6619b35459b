/** The lines of the gateway's own families. They never carry a timestamp: they are true at the scrape. */
import { escapeLabelValue } from '../link/series-text.ts';
import { valueText } from './format.ts';
import type { OwnFamily, OwnSeries } from './input.ts';
import type { OwnMember } from './layout.ts';

/** Counts what was written, for whoever wants to know. */
export interface Tally {
  /** Samples of the gateway's own. */
  own: number;
  /** Of the body, uncompressed. */
  bytes: number;
}

/** @returns the lines of a member, one by one. Every family is read once, also where its lines are spread. */
export function createOwnText(
  own: readonly OwnFamily[],
  tally: Tally,
): (member: OwnMember) => Generator<string, void, undefined> {
  const kept = new Map<OwnFamily, readonly OwnSeries[]>();
  return function* ownText({ own: place, suffix }) {
    const family = own[place];
    if (family === undefined) return;
    if (suffix === null) {
      for (const series of family.series()) {
        tally.own++;
        yield lineText(family.name, series);
      }
      return;
    }
    let all = kept.get(family);
    if (all === undefined) {
      all = [...family.series()];
      kept.set(family, all);
    }
    for (const series of all) {
      if (series.suffix !== suffix) continue;
      tally.own++;
      yield lineText(family.name, series);
    }
  };
}

function lineText(name: string, { suffix, labels, value }: OwnSeries): string {
  const names = Object.keys(labels);
  // Most have one, and there may be a dozen lines for each of ten thousand hosts.
  if (names.length > 1) names.sort();
  let text = '';
  for (const label of names) {
    const content = labels[label];
    if (content === undefined || content === '') continue;
    text += `${text === '' ? '{' : ','}${label}="${escapeLabelValue(content)}"`;
  }
  return `${name}${suffix}${text}${text === '' ? '' : '}'} ${valueText(value)}\n`;
}

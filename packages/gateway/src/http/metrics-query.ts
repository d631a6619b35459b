/** The query of `GET /metrics`, checked before anything is made of it. */

import { parseDuration, parseSize } from '@tributary/shared/units';
import { parseSelection, type Selection } from '../exposition/select/selection.ts';
import { SelectionError } from '../exposition/select/selection-error.ts';
import { isScraperName, SCRAPER_NAMES } from '../trust/scraper-name.ts';
import { type Query, QueryError, readQuery } from './query.ts';

export interface MetricsQuery {
  /** The cursor's name; null without one. */
  readonly scraper: string | null;
  readonly selection: Selection;
  /** How far back the replay goes; null for what the gateway is set to, as for all that follow. */
  readonly windowMs: number | null;
  readonly order: 'in-order' | 'live-first' | null;
  readonly maxPoints: number | null;
  readonly maxBytes: number | null;
  /** A new scraper starts at the window's beginning. */
  readonly fromWindow: boolean;
  /** The reader takes several points of a series, whatever it calls itself. */
  readonly replay: boolean;
  /** There is a proxy in between, so that a connection in use again proves nothing. */
  readonly proxied: boolean;
}

/** Those that may stand more than once, and then those that may not. */
const REPEATABLE = ['match[]', 'host'];
const PARAMETERS = [
  ...REPEATABLE,
  'scraper',
  'shard',
  'window',
  'order',
  'max_points',
  'max_bytes',
  'from',
  'replay',
  'proxied',
];
const COUNT = /^[1-9]\d{0,15}$/;

/**
 * @param url of the request, as it came: the path and what follows it.
 * @throws QueryError
 */
export function parseMetricsQuery(url: string): MetricsQuery {
  const query = readQuery(url, PARAMETERS, REPEATABLE);
  return {
    scraper: query.read('scraper', scraperName, SCRAPER_NAMES),
    selection: selectionOf(query),
    windowMs: query.read('window', positive(parseDuration), 'write a duration such as 50m or 23h'),
    order: query.read('order', order, 'there are in-order and live-first'),
    maxPoints: query.read('max_points', count, 'write a number from 1 on, without a unit'),
    maxBytes: query.read('max_bytes', positive(parseSize), 'write a size such as 64MB'),
    fromWindow:
      query.read('from', (text) => (text === 'window' ? true : undefined), 'there is from=window') ?? false,
    replay: query.read('replay', flag, 'write 1, or leave it out') ?? false,
    proxied: query.read('proxied', flag, 'write 1, or leave it out') ?? false,
  };
}

function selectionOf(query: Query): Selection {
  try {
    return parseSelection({
      match: query.getAll('match[]'),
      host: query.getAll('host'),
      shard: query.get('shard') ?? undefined,
    });
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new QueryError(error.message, { cause: error });
  }
}

function scraperName(text: string): string | undefined {
  return isScraperName(text) ? text : undefined;
}

function order(text: string): 'in-order' | 'live-first' | undefined {
  return text === 'in-order' || text === 'live-first' ? text : undefined;
}

function count(text: string): number | undefined {
  return COUNT.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

function flag(text: string): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined;
}

function positive(parse: (text: string) => number | undefined): (text: string) => number | undefined {
  return (text) => {
    const value = parse(text);
    return value === undefined || value === 0 ? undefined : value;
  };
}

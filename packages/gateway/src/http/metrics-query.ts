/** The query of `GET /metrics`, checked before anything is made of it. */

import { quote } from '@tributary/shared/names';
import { nearest } from '@tributary/shared/nearest';
import { parseDuration, parseSize } from '@tributary/shared/units';
import { parseSelection, type Selection } from '../exposition/select/selection.ts';
import { SelectionError } from '../exposition/select/selection-error.ts';

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

/** The query cannot be read. `message` names the parameter and says what would be right. */
export class MetricsQueryError extends Error {
  override readonly name = 'MetricsQueryError';
  /** Read by the error handler of server.ts. */
  readonly statusCode = 400;
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
const SCRAPER_NAME = /^[a-zA-Z0-9._-]{1,64}$/;
const COUNT = /^[1-9]\d{0,15}$/;

/**
 * @param url of the request, as it came: the path and what follows it.
 * @throws MetricsQueryError
 */
export function parseMetricsQuery(url: string): MetricsQuery {
  const start = url.indexOf('?');
  const query = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  for (const name of new Set(query.keys())) checkName(name, query.getAll(name).length);
  return {
    scraper: read(query, 'scraper', scraperName, 'names are 1 to 64 letters, digits, ".", "-" and "_"'),
    selection: selectionOf(query),
    windowMs: read(query, 'window', positive(parseDuration), 'write a duration such as 50m or 23h'),
    order: read(query, 'order', order, 'there are in-order and live-first'),
    maxPoints: read(query, 'max_points', count, 'write a number from 1 on, without a unit'),
    maxBytes: read(query, 'max_bytes', positive(parseSize), 'write a size such as 64MB'),
    fromWindow:
      read(query, 'from', (text) => (text === 'window' ? true : undefined), 'there is from=window') ?? false,
    replay: read(query, 'replay', flag, 'write 1, or leave it out') ?? false,
    proxied: read(query, 'proxied', flag, 'write 1, or leave it out') ?? false,
  };
}

function checkName(name: string, times: number): void {
  if (!PARAMETERS.includes(name)) {
    const near = nearest(name, PARAMETERS);
    const hint = near === undefined ? `there are ${PARAMETERS.join(', ')}` : `did you mean ${near}?`;
    throw new MetricsQueryError(`unknown parameter ${quote(name)}; ${hint}`);
  }
  if (times > 1 && !REPEATABLE.includes(name)) {
    throw new MetricsQueryError(`${name} is given ${times} times; give it once`);
  }
}

function selectionOf(query: URLSearchParams): Selection {
  try {
    return parseSelection({
      match: query.getAll('match[]'),
      host: query.getAll('host'),
      shard: query.get('shard') ?? undefined,
    });
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new MetricsQueryError(error.message, { cause: error });
  }
}

/** @param parse undefined when the text is not right. */
function read<T>(
  query: URLSearchParams,
  name: string,
  parse: (text: string) => T | undefined,
  remedy: string,
): T | null {
  const text = query.get(name);
  if (text === null) return null;
  const value = parse(text);
  if (value === undefined) throw new MetricsQueryError(`${name} cannot be ${quote(text)}; ${remedy}`);
  return value;
}

function scraperName(text: string): string | undefined {
  return SCRAPER_NAME.test(text) ? text : undefined;
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

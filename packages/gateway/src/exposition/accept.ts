/**
 * Content negotiation. Tolerant on purpose: whatever a client sends, it gets a body, in text 0.0.4 when nothing better
 * can be read from its headers. Prometheus 3.0 to 3.3 send `escaping=` parameters (once doubled); older ones ask for
 * OpenMetrics 0.0.1, which its readers take 1.0.0 for.
 */
import type { Format } from './format.ts';

interface Range {
  /** In lower case, as in `text/plain`. */
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
  /** 0 to 1; 0 means "not this". */
  readonly quality: number;
}

const OPENMETRICS = 'application/openmetrics-text';
const OPENMETRICS_VERSIONS: ReadonlySet<string | undefined> = new Set([undefined, '1.0.0', '0.0.1']);

/**
 * The format for an `Accept` header; undefined is a request without one. OpenMetrics is given only to those who name
 * it, and wins over text where both are wanted alike unless text is named first.
 */
export function negotiateFormat(accept: string | undefined): Format {
  const ranges = parseRanges(accept);
  const open = bestOf(ranges, isOpenMetrics);
  if (open === undefined || open.quality === 0) return 'text';
  const named = bestOf(ranges, ({ name }) => name === 'text/plain');
  const plain = named ?? bestOf(ranges, isAnyText);
  if (plain === undefined || plain.quality < open.quality) return 'openmetrics';
  if (plain.quality > open.quality) return 'text';
  return named !== undefined && ranges.indexOf(named) < ranges.indexOf(open) ? 'text' : 'openmetrics';
}

/** Whether the body may be gzip'd, by the `Accept-Encoding` header. A missing one means no. */
export function negotiateGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parseRanges(acceptEncoding);
  const named = ranges.find(({ name }) => name === 'gzip' || name === 'x-gzip');
  const range = named ?? ranges.find(({ name }) => name === '*');
  return range !== undefined && range.quality > 0;
}

function isOpenMetrics(range: Range): boolean {
  return range.name === OPENMETRICS && OPENMETRICS_VERSIONS.has(range.params.get('version'));
}

function isAnyText(range: Range): boolean {
  return range.name === 'text/*' || range.name === '*/*';
}

/** The first of those most wanted. */
function bestOf(ranges: readonly Range[], fits: (range: Range) => boolean): Range | undefined {
  let best: Range | undefined;
  for (const range of ranges) {
    if (fits(range) && (best === undefined || range.quality > best.quality)) best = range;
  }
  return best;
}

/** `name;param=value;q=0.5, …` in the header's order. What cannot be read counts as if it were not there. */
function parseRanges(value: string | undefined): Range[] {
  const ranges: Range[] = [];
  for (const item of (value ?? '').split(',')) {
    const [name = '', ...parts] = item.split(';').map((part) => part.trim());
    if (name === '') continue;
    const params = new Map<string, string>();
    for (const part of parts) {
      const [key = '', text = ''] = part.split('=', 2).map((side) => side.trim());
      // The first of a doubled parameter counts.
      if (!params.has(key.toLowerCase())) params.set(key.toLowerCase(), text.replace(/^"(.*)"$/, '$1'));
    }
    ranges.push({ name: name.toLowerCase(), params, quality: qualityOf(params.get('q')) });
  }
  return ranges;
}

function qualityOf(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const quality = Number(text);
  return Number.isNaN(quality) ? 1 : Math.min(1, Math.max(0, quality));
}

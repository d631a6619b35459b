/**
 * Which format a body is read as, decided by its Content-Type as Prometheus 3 does: the media type alone counts, not
 * its version. Where a target says nothing, or what nobody knows, Prometheus 3 fails the scrape unless
 * `fallback_scrape_protocol` is set, and Prometheus 2 reads text 0.0.4. Here it is text unless told otherwise: exporters
 * written by hand often have no type or a wrong one, worked with Prometheus 2, and are not to be lost by being
 * forwarded; and what is no exposition (a login page, say) fails by its first line all the same.
 *
 * The binary format is refused always: it is not asked for, and reading it as text could only fail.
 */
import { ExpositionError } from './exposition-error.ts';

export type ExpositionFormat = 'text' | 'openmetrics';

/** What is read where a target does not say it, or says what nobody knows; `none` refuses. */
export type FallbackFormat = ExpositionFormat | 'none';

const FORMATS: ReadonlyMap<string, ExpositionFormat> = new Map([
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
]);

/**
 * @param contentType the header as it came; null without one.
 * @throws ExpositionError `content_type`
 */
export function formatOf(contentType: string | null, fallback: FallbackFormat): ExpositionFormat {
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const format = FORMATS.get(mediaType);
  if (format !== undefined) return format;
  if (mediaType === 'application/vnd.google.protobuf')
    throw new ExpositionError('content_type', 0, 'the binary format is not read', contentType ?? '');
  if (fallback !== 'none') return fallback;
  if (mediaType === '') throw new ExpositionError('content_type', 0, 'there is no Content-Type');
  throw new ExpositionError(
    'content_type',
    0,
    'the Content-Type is none of an exposition',
    contentType ?? '',
  );
}

/**
 * Who asks for `/metrics`: a scraper that is to get a replay, and what it can take.
 *
 * A scraper is a request with `X-Prometheus-Scrape-Timeout-Seconds`, which Prometheus and vmagent always send; anyone
 * else (curl, a browser) gets the newest points and moves nothing.
 *
 * Several points of one series in one body are stored by every Prometheus but a few (prometheus-versions.ts). Only OpenMetrics
 * allows such a body by its specification. Other clients are asked to say `replay=1` when they were set up for it, since what does not
 * heed timestamps would store all points at the scrape's own time.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { takesSeveralPoints } from '../../prometheus-versions.ts';
import type { Format } from '../format.ts';

export interface Client {
  /** The scraper's own bound on one scrape in ms, a little below or at its interval. */
  readonly timeoutMs: number;
  /** True when several points of a series may stand in one body. */
  readonly takesSeveral: boolean;
  /** True when a connection's reuse says nothing about who has read its bodies. */
  readonly proxied: boolean;
}

export interface ClientRequest {
  readonly headers: IncomingHttpHeaders;
  /** As in `1.1`. */
  readonly httpVersion: string;
}

const TIMEOUT_HEADER = 'x-prometheus-scrape-timeout-seconds';
const TIMEOUT_MS_DEFAULT = 10_000;
/** It is believed no further. */
const TIMEOUT_MS_MAX = 600_000;

/** @returns null for whoever is no scraper. */
export function readClient(
  { headers, httpVersion }: ClientRequest,
  format: Format,
  wants: { readonly replay: boolean; readonly proxied: boolean },
): Client | null {
  const timeout = headers[TIMEOUT_HEADER];
  if (timeout === undefined) return null;
  const seconds = Number(timeout);
  return {
    timeoutMs: seconds > 0 ? Math.min(TIMEOUT_MS_MAX, Math.max(1, seconds * 1000)) : TIMEOUT_MS_DEFAULT,
    takesSeveral: wants.replay || (format === 'openmetrics' && isAbleAgent(headers['user-agent'] ?? '')),
    proxied: wants.proxied || httpVersion === '1.0' || cameThroughProxy(headers),
  };
}

function cameThroughProxy(headers: IncomingHttpHeaders): boolean {
  return (
    headers.via !== undefined ||
    headers.forwarded !== undefined ||
    headers['x-forwarded-for'] !== undefined ||
    /\bclose\b/i.test(headers.connection ?? '')
  );
}

/** Whether this is a Prometheus that stores every point of a series that stands several times in a body. */
function isAbleAgent(agent: string): boolean {
  const [, version = ''] = /^Prometheus\/(\S+)/.exec(agent) ?? [];
  return takesSeveralPoints(version) === true;
}

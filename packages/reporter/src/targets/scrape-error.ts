/** Why a scrape failed. */
import { errorCode } from '../collectors/source.ts';

/**
 * What failures are counted under.
 * - `timeout`: no whole answer in time.
 * - `connect`: the target cannot be reached, or broke the connection off.
 * - `tls`: there is no trusting it, or it does not trust us.
 * - `http`: what came is no HTTP, or in an encoding that nobody asked for.
 * - `status`: another status than 200.
 * - `redirect`: it points elsewhere too often, or where nobody may follow.
 * - `secret`: a file with a credential or certificate cannot be read.
 * - `body_size`, `sample_limit`: more than the limit of that name.
 * - `content_type`, `format`: the exposition is of no kind that is read, or breaks its rules.
 * - `host_series`: the host would have more series than a gateway takes of it.
 * - `columns`: more different timestamps, or sets of target labels, than one scrape may have.
 * - `internal`: a fault of this program.
 */
export type FailureReason =
  | 'timeout'
  | 'connect'
  | 'tls'
  | 'http'
  | 'status'
  | 'redirect'
  | 'secret'
  | 'body_size'
  | 'sample_limit'
  | 'content_type'
  | 'format'
  | 'host_series'
  | 'columns'
  | 'internal';

export class ScrapeError extends Error {
  override readonly name = 'ScrapeError';
  readonly reason: FailureReason;

  /** @param message may hold nothing secret: it goes to the log. */
  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** OpenSSL's codes of X.509 verification have no common beginning (Node.js documentation, tls, "X509 certificate error codes"). */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|EPROTO$)/;

/** What an error of Node's HTTP client means. */
export function toScrapeError(error: unknown): ScrapeError {
  if (error instanceof ScrapeError) return error;
  if (!(error instanceof Error)) return new ScrapeError('internal', String(error));
  const code = String(errorCode(error) ?? '');
  const message = messageOf(error);
  const options = { cause: error };
  if (code.startsWith('HPE_')) return new ScrapeError('http', `the answer is no HTTP: ${message}`, options);
  if (code.startsWith('Z_')) return new ScrapeError('http', `the answer is no gzip: ${message}`, options);
  if (TLS_CODES.test(code)) return new ScrapeError('tls', message, options);
  // Whatever the system says of sockets and names begins with an E and is no code of Node's own.
  if (/^E(?!RR_)/.test(code)) return new ScrapeError('connect', message, options);
  return new ScrapeError('internal', message, options);
}

/** Of a name with several addresses Node tells all failures, in a list. */
function messageOf(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message;
  return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
}

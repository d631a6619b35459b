/**
 * The path of a push, `/metrics/job/JOB{/LABEL/VALUE}`, read as Pushgateway 1.11 reads it: percent-decoded whole before it
 * is taken apart, so that an encoded slash is one; a name that ends with `@base64` has its value in the alphabet for URLs
 * of RFC 4648, padding optional. The labels are the group's key.
 *
 * Two paths are refused that Pushgateway redirects, which turns a push into a request for something else: an empty
 * part, and one that is `.` or `..`.
 */
import { LABEL_VALUE_CHARS_MAX } from '@tributary/shared/limits';
import { isLabelName, quote } from '@tributary/shared/names';
import type { Labels } from '@tributary/shared/shape';

export type GroupPath =
  /** Labels of the key; `job` is among them and not empty. */
  | { readonly kind: 'group'; readonly labels: Labels }
  /** No path of pushes. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'bad'; readonly message: string };

const BASE64 = '@base64';

/** @param path of the request, as it was sent, without the query. */
export function parseGroupPath(path: string): GroupPath {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return bad(`the path ${quote(path)} is not percent-encoded UTF-8`);
  }
  const [root, area, jobName = '', job, ...parts] = decoded.split('/');
  if (
    root !== '' ||
    area !== 'metrics' ||
    (jobName !== 'job' && jobName !== `job${BASE64}`) ||
    job === undefined
  )
    return { kind: 'elsewhere' };
  // A single slash at the end is no part; behind a name it is that name's value, which is empty.
  if (parts.length % 2 === 1 && parts.at(-1) === '') parts.pop();
  if (parts.length % 2 === 1)
    return bad(`odd number of components behind the job: ${quote(parts.join('/'))}`);
  const stray = [job, ...parts].find((part, i, all) => isStray(part, i === all.length - 1));
  if (stray !== undefined)
    return bad(`${quote(stray)} cannot be a part of the path; write it as NAME@base64`);
  return readLabels(jobName, job, parts);
}

/** An empty text may be the last value only; what looks like a step up or nowhere would be taken for one. */
function isStray(part: string, isLast: boolean): boolean {
  return (part === '' && !isLast) || part === '.' || part === '..';
}

function readLabels(jobName: string, job: string, parts: readonly string[]): GroupPath {
  const labels = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) {
    const written = parts[i] ?? '';
    const name = bareName(written);
    if (!isLabelName(name)) return bad(`improper label name ${quote(name)}`);
    const value = readValue(written, parts[i + 1] ?? '');
    if (value === null) return bad(`invalid base64 encoding for label ${name}: ${quote(parts[i + 1] ?? '')}`);
    labels.set(name, value);
  }
  const jobValue = readValue(jobName, job);
  if (jobValue === null) return bad(`invalid base64 encoding in job name ${quote(job)}`);
  if (jobValue === '') return bad('job name is required');
  labels.delete('job');
  const entries: [string, string][] = [['job', jobValue], ...labels];
  for (const [name, value] of entries) {
    if (value.length > LABEL_VALUE_CHARS_MAX || value.includes('\0'))
      return bad(
        `the value of ${name} is longer than ${LABEL_VALUE_CHARS_MAX} characters or has a NUL in it`,
      );
  }
  return { kind: 'group', labels: Object.fromEntries(entries) };
}

function bareName(written: string): string {
  return written.endsWith(BASE64) ? written.slice(0, -BASE64.length) : written;
}

/** Null when it is no base64, or no UTF-8 in it. */
function readValue(name: string, text: string): string | null {
  if (!name.endsWith(BASE64)) return text;
  const digits = text.replace(/=+$/, '');
  if (!/^[A-Za-z0-9_-]*$/.test(digits) || digits.length % 4 === 1) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(digits, 'base64url'),
    );
  } catch {
    return null;
  }
}

function bad(message: string): GroupPath {
  return { kind: 'bad', message };
}

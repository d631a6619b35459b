/**
 * What may be called what. The rules are those of Prometheus's text formats before UTF-8 names, since quoted names
 * break the scrapes of every 2.x. One bad name fails Prometheus's whole scrape, so nothing passes that breaks them.
 */
import { HOST_CHARS_MAX, NAME_CHARS_MAX } from './limits.ts';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const HOST_NAME = /^[a-zA-Z0-9._-]+$/;

export function isMetricName(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && METRIC_NAME.test(text);
}

/** True for a label that a series may carry. Names that begin with `__` are Prometheus's own. */
export function isLabelName(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && LABEL_NAME.test(text) && !text.startsWith('__');
}

export function isHostName(text: string): boolean {
  return text.length <= HOST_CHARS_MAX && HOST_NAME.test(text);
}

/** Labels that a shape may not set for its target: they would make series unreadable or forge the host. */
export function isTargetLabelName(text: string): boolean {
  return isLabelName(text) && text !== 'le' && text !== 'quantile' && text !== 'host';
}

/** Hosts may not speak in the gateway's name; `tributary_reporter_*` is theirs. */
export function isReservedMetricName(text: string): boolean {
  return text.startsWith('tributary_') && !text.startsWith('tributary_reporter_');
}

/** True when the text is well-formed UTF-16, and so can be written as valid UTF-8. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** A name or message as it may be shown: quoted, escaped, and cut to a bearable length (6 times `charsMax` at most). */
export function quote(text: string, charsMax = 80): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  return printable(JSON.stringify(cut));
}

/** What a terminal or a log would obey, hide or break at, and halves of characters, which cannot be sent. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from outside with everything in it that could not be seen written as `\uXXXX`; always well-formed. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (found) =>
    found
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

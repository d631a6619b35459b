/** Numbers as Prometheus reads them, which is Go's `strconv.ParseFloat` without hexadecimal and without underscores. */

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

/** Nothing that is longer is looked at: no number in the wild comes near, and matching takes memory. */
const NUMBER_CHARS_MAX = 1024;

/** @returns null when the word is no number. One too large for a double is none either. */
export function parseGoNumber(word: string): number | null {
  if (word.length > NUMBER_CHARS_MAX) return null;
  if (DECIMAL.test(word)) {
    const value = Number(word);
    return Number.isFinite(value) ? value : null;
  }
  return SPECIAL.get(word.toLowerCase()) ?? null;
}

/**
 * A bound as Prometheus 3 writes it into `le` and `quantile` when it stores a classic histogram or summary, whatever the
 * exposition wrote: Go's shortest `%g`, and `.0` where that shows neither point nor exponent.
 */
export function formatGoBound(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    const digits = String(Math.abs(power)).padStart(2, '0');
    return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`;
  }
  const plain = String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

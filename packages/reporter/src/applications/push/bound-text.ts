/**
 * Bounds of buckets and quantiles in one spelling. Clients write the same bound as `1`, `1.0` or `1e0`; Pushgateway reads
 * it as a number and shows that, so that a series has the same name whoever pushed it.
 */

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

/** @returns null when the text is no number; NaN is none. */
export function boundText(text: string): string | null {
  const infinite = INFINITY.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? '-Inf' : '+Inf';
  const bound = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(bound) ? goText(bound) : null;
}

/**
 * As Go's `strconv.FormatFloat(x, 'g', -1, 64)`, by which the format's reference implementation writes: with an exponent
 * of at least two digits from a million on and below a ten-thousandth.
 */
function goText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

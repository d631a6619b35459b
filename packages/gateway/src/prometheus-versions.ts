/**
 * Which Prometheus stores every point of a series that stands several times in one body. All do but a few: 2.52.x, 2.53.0 to
 * 2.53.2 and 2.54.0 keep the first of them and count the rest as duplicates (prometheus/prometheus#14685).
 */
const VERSION = /^v?(\d+)\.(\d+)\.(\d+)/;

/** @param version as in `3.5.3+ds1`. @returns null for what is no version */
export function takesSeveralPoints(version: string): boolean | null {
  const match = VERSION.exec(version);
  if (match === null) return null;
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map(Number);
  if (major !== 2) return major > 2;
  if (minor === 52) return false;
  if (minor === 53) return patch >= 3;
  return minor !== 54 || patch >= 1;
}

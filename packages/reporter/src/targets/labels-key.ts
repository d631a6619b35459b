import type { Labels } from '@tributary/shared/shape';

/** One text for equal labels, whatever their order; an empty one is no label. */
export function labelsKey(labels: Labels): string {
  const all = Object.entries(labels).filter(([, value]) => value !== '');
  return JSON.stringify(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

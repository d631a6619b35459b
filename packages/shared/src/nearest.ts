/** The known name that someone most probably meant. */

/**
 * @param differMax how many letters may differ; a third of them, or two, unless told.
 * @returns undefined when nothing is near.
 */
export function nearest(
  text: string,
  known: Iterable<string>,
  differMax = Math.max(2, Math.floor(text.length / 3)),
): string | undefined {
  let best: string | undefined;
  let bestDistance = differMax + 1;
  for (const candidate of known) {
    // So many letters differ at least; and the texts may be as long as a file.
    if (Math.abs(text.length - candidate.length) >= bestDistance) continue;
    const distance = editDistance(text, candidate);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Finding out what is selected, without holding up everyone else. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AdmittedShape } from '../../link/admission.ts';
import type { Selection } from './selection.ts';

/** After so long the event loop gets its turn. */
const PORTION_MS = 10;
/** Groups between two looks at the time; nearly all are answered from memory. */
const PORTION_GROUPS = 16;

/**
 * Asks for every mask that an exposition of these groups will need, so that it finds them ready. Once a selection is
 * known this is a look into memory; new to a fleet it takes up to 0.7 µs for each series of each different shape.
 * Groups may come and go meanwhile; what was missed is found when it is asked for.
 */
export async function prepareSelection(
  selection: Selection,
  groups: Iterable<{ readonly shape: AdmittedShape; readonly host: string }>,
): Promise<void> {
  if (selection.matches === '') return;
  let startedMs = performance.now();
  let count = 0;
  for (const { shape, host } of groups) {
    if (selection.includesHost(host)) selection.hiddenOf(shape, host);
    if (++count % PORTION_GROUPS !== 0 || performance.now() - startedMs < PORTION_MS) continue;
    await nextTurn();
    startedMs = performance.now();
  }
  selection.release();
}

/** Finding out what is selected, without holding up everyone else. */
import type { AdmittedShape } from '../../link/admission.ts';
import type { Selection } from './selection.ts';
import { Turns } from './turns.ts';

/** After so long the event loop gets its turn. */
const PORTION_MS = 10;
/** And the first time after so long: what is known takes no longer, and many requests may come in one round. */
const FIRST_MS = 1;

/**
 * No scraper waits for so long, so nothing is worth more. What was found out by then is kept, and the next request goes on from
 * there.
 */
const PREPARE_MS_MAX = 30_000;

/** A selection costs too much to be answered now. */
export class SelectionCostError extends Error {
  override readonly name = 'SelectionCostError';
  /** Read by the error handler of http/server.ts. */
  readonly statusCode = 503;
}

/** Of all selections together: thirty at a time that each took their portion would hold up everyone for thirty. */
const turns = new Turns();

/**
 * Asks for every mask that an exposition of these groups will need, so that it finds them ready. Once a selection is
 * known this is a look into memory; new to a fleet it takes up to 0.7 µs for each series of each different shape.
 * Groups may come and go meanwhile; what was missed is found when it is asked for.
 * @param msMax after which it is given up.
 * @throws SelectionCostError
 */
export async function prepareSelection(
  selection: Selection,
  groups: Iterable<{ readonly shape: AdmittedShape; readonly host: string }>,
  msMax = PREPARE_MS_MAX,
): Promise<void> {
  if (selection.matches === '') return;
  const begunMs = performance.now();
  let startedMs = begunMs;
  let portionMs = FIRST_MS;
  const isOver = () => performance.now() - startedMs >= portionMs;
  const pause = async () => {
    await turns.next();
    portionMs = PORTION_MS;
    startedMs = performance.now();
    if (startedMs - begunMs < msMax) return;
    throw new SelectionCostError(`what match[] selects was not found out within ${msMax / 1000} s`);
  };
  for (const { shape, host } of groups) {
    if (!selection.includesHost(host)) continue;
    for (const _ of selection.preparing(shape)) {
      if (isOver()) await pause();
    }
    selection.hiddenOf(shape, host);
    if (isOver()) await pause();
  }
  selection.release();
}

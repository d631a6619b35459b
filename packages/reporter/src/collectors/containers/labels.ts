/**
 * The labels of a container's series: `id`, `name` and `image`, and those of the container itself that were chosen, as
 * `container_label_NAME` with everything that a label's name cannot have turned into `_`. So cAdvisor has them.
 */
import { LABEL_VALUE_CHARS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import type { ContainerDetails } from './engine-api.ts';

/**
 * Every series of a container carries them, some sixty, so they are bounded far below what the wire takes: labels of one
 * container, and characters of all of them together.
 */
const LABELS_MAX = 24;
const LABEL_CHARS_MAX = 2048;

const PREFIX = 'container_label_';
const ID = 'id';
const IMAGE = 'image';
const NAME = 'name';

export interface ContainerLabels {
  /** Names and values in turn, the container's own after the others, sorted. */
  readonly pairs: readonly string[];
  /** Chosen ones that were too many or too long. */
  readonly leftOut: number;
}

/**
 * @param cgroupPath becomes `id`, as in cAdvisor.
 * @param include which of the container's own labels are told; null for none.
 */
export function labelsOf(
  details: ContainerDetails,
  cgroupPath: string,
  include: RegExp | null,
): ContainerLabels {
  const pairs: string[] = [ID, toValue(cgroupPath)];
  // An empty value is the same as no label.
  if (details.image !== '') pairs.push(IMAGE, toValue(details.image));
  if (details.name !== '') pairs.push(NAME, toValue(details.name));
  const own = ownLabels(details, include);
  pairs.push(...own.pairs);
  return { pairs, leftOut: own.leftOut };
}

function ownLabels({ labels }: ContainerDetails, include: RegExp | null): ContainerLabels {
  const chosen = labels.filter(([name, value]) => value !== '' && include?.test(name) === true);
  // Of two that come out as one name, the first by its own name is told.
  chosen.sort(([a], [b]) => (a < b ? -1 : 1));
  const kept = new Map<string, string>();
  let chars = 0;
  let leftOut = 0;
  for (const [rawName, rawValue] of chosen) {
    const name = PREFIX + rawName.replaceAll(/[^a-zA-Z0-9_]/g, '_');
    const value = toText(rawValue);
    if (
      kept.has(name) ||
      kept.size === LABELS_MAX ||
      name.length > NAME_CHARS_MAX ||
      chars + name.length + value.length > LABEL_CHARS_MAX
    ) {
      leftOut++;
      continue;
    }
    chars += name.length + value.length;
    kept.set(name, value);
  }
  return { pairs: [...kept].flat(), leftOut };
}

/** Cut to what the wire takes. */
function toValue(text: string): string {
  return toText(text.slice(0, LABEL_VALUE_CHARS_MAX));
}

/** A half of a character, at a cut or anywhere, and a NUL cannot be sent: they would cost all containers, not this one. */
function toText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

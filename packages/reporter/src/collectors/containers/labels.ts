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

/** Of the container itself: those that were chosen, as they are told. */
export interface OwnLabels {
  /** Names and values in turn, sorted. */
  readonly pairs: readonly string[];
  /** Chosen ones that were too many or too long. */
  readonly leftOut: number;
}

/** @returns names and values in turn, the container's own after the others. @param cgroupPath becomes `id`, as in cAdvisor. */
export function labelsOf(
  { image, name, own }: Pick<ContainerDetails, 'image' | 'name' | 'own'>,
  cgroupPath: string,
): readonly string[] {
  const pairs: string[] = [ID, toValue(cgroupPath)];
  // An empty value is the same as no label.
  if (image !== '') pairs.push(IMAGE, toValue(image));
  if (name !== '') pairs.push(NAME, toValue(name));
  pairs.push(...own.pairs);
  return pairs;
}

/** @param include which of the container's own labels are told; null for none. */
export function chooseLabels(labels: Readonly<Record<string, unknown>>, include: RegExp | null): OwnLabels {
  const chosen = Object.entries(labels).filter(
    (label): label is [string, string] =>
      typeof label[1] === 'string' && label[1] !== '' && include?.test(label[0]) === true,
  );
  // Of two that come out as one name, the first by its own name is told.
  chosen.sort(([a], [b]) => (a < b ? -1 : 1));
  const kept = new Map<string, string>();
  let chars = 0;
  let leftOut = 0;
  for (const [rawName, value] of chosen) {
    const name = PREFIX + rawName.replaceAll(/[^a-zA-Z0-9_]/g, '_');
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
    kept.set(name, toText(value));
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

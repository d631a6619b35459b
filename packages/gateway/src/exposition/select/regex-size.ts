/**
 * How large the program of an RE2 expression can become, found without compiling it. Matching takes time in proportion
 * to the text *and* to the program, and counted repetition makes programs large: `(a{1,30}){1,30}x` has 1,900
 * instructions in 16 characters. So the size is bounded before any work is done.
 */

/** A Unicode class takes a tenth of a millisecond to make, as much as this many plain instructions. */
const CLASS_SIZE = 16;

/** Parts of an expression, each with what it is as a named group; what has none is one character. */
export const REGEX_TOKEN = new RegExp(
  [
    // Heads of groups, with names and flags, which add nothing that grows with their length.
    String.raw`(?<open>\((?:\?P?<[^>]*>|\?[a-zA-Z-]*:?)?)`,
    String.raw`(?<close>\))`,
    String.raw`\{(?<least>\d+)(?<range>,(?<most>\d*))?\}`,
    '(?<operator>[*+?|])',
    String.raw`\\Q(?<literal>.*?)(?:\\E|$)`,
    String.raw`(?<class>\[\^?\]?(?:\[:\^?[a-z]*:\]|\\.|[^\]\\])*\]?)`,
    String.raw`(?<unicode>\\[pP](?:\{[^}]*\}|.)?)`,
    String.raw`\\(?:x\{[^}]*\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|.)?`,
    '.',
  ].join('|'),
  'gsu',
);

/**
 * @returns at least the number of instructions that re2js makes of `pattern`; of one that is not valid, anything.
 */
export function regexSizeMax(pattern: string): number {
  /** Of each open group: what stands before it. */
  const outer: number[] = [];
  /** Of the innermost open group so far, but for its last atom, which alone a repetition repeats. */
  let size = 4;
  let atom = 0;
  for (const { groups = {} } of pattern.matchAll(REGEX_TOKEN)) {
    if (groups['open'] !== undefined) {
      outer.push(size + atom);
      size = 0;
      atom = 2;
    } else if (groups['close'] !== undefined) {
      atom += size;
      size = outer.pop() ?? 0;
    } else if (groups['least'] !== undefined) {
      const count = Math.max(1, Number(groups['least']), Number(groups['most'] ?? 0));
      // What is optional has an instruction more, and an open end is a loop.
      atom = (atom + 1) * (count + (groups['range'] === undefined ? 0 : 1));
    } else if (groups['operator'] !== undefined) {
      atom += 2;
    } else {
      size += atom;
      atom = atomSize(groups);
    }
  }
  return outer.reduce((sum, before) => sum + before, size + atom);
}

function atomSize(groups: Readonly<Record<string, string | undefined>>): number {
  const { literal, class: ofChars, unicode } = groups;
  if (literal !== undefined) return literal.length;
  if (unicode !== undefined) return CLASS_SIZE;
  return 1 + CLASS_SIZE * (ofChars?.match(/\\[pP]|\[:/g)?.length ?? 0);
}

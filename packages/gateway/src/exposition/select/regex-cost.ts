/**
 * How many looks the worst of values can cost an RE2 expression, found without compiling it. With each character of a value each
 * place of the expression is looked at in which a match can be just then. re2js remembers sets of such places that it met
 * before, but an expression can have more of them than a value has characters: `.*a.{1000}.*` is in another thousand with each.
 *
 * A place is looked at as often as there are different numbers of characters that can lie in front of it: once where all before has one
 * length, twice behind an `s?`, and with each character behind a loop. A loop over any character, as in `node_.*`, is
 * entered once and never left, so that it adds no set.
 */
import { REGEX_TOKEN } from './regex-size.ts';

interface Part {
  /** Its places. */
  readonly size: number;
  /** Looks at them all, when it begins at one character only. */
  readonly looks: number;
  /** Characters that it takes. */
  readonly least: number;
  readonly most: number;
}

const CHAR: Part = { size: 1, looks: 1, least: 1, most: 1 };
const NOTHING: Part = { size: 0, looks: 0, least: 0, most: 0 };
/** Between characters; the least that is known of it is that it takes none. */
const EDGE: Part = { ...CHAR, least: 0 };
const IS_EDGE = /^(?:[$^]|\\[AbBz])$/;

/** An open group, or the whole. */
class Group {
  readonly #chars: number;
  #before: Part | null = null;
  #sequence = NOTHING;
  #last: Part | null = null;

  constructor(chars: number) {
    this.#chars = chars;
  }

  add(part: Part): void {
    this.#sequence = this.#withLast();
    this.#last = part;
  }

  /** Of the last part alone. */
  repeat(change: (part: Part) => Part): void {
    if (this.#last !== null) this.#last = change(this.#last);
  }

  alternative(): void {
    this.#before = this.end();
    this.#sequence = NOTHING;
    this.#last = null;
  }

  end(): Part {
    const { size, looks, least, most } = this.#withLast();
    const before = this.#before;
    if (before === null) return { size, looks, least, most };
    return {
      size: before.size + size + 1,
      looks: before.looks + looks + 1,
      least: Math.min(before.least, least),
      most: Math.max(before.most, most),
    };
  }

  #withLast(): Part {
    const { size, looks, least, most } = this.#sequence;
    const part = this.#last ?? NOTHING;
    const begins = most - least + 1;
    return {
      size: size + part.size,
      looks: looks + Math.min(part.looks * begins, part.size * this.#chars),
      least: least + part.least,
      most: Math.min(most + part.most, this.#chars),
    };
  }
}

/**
 * @param chars of the longest value.
 * @returns about the most looks that matching one value takes; of an expression that is not valid, anything.
 */
export function regexCostMax(pattern: string, chars: number): number {
  const outer: Group[] = [];
  let group = new Group(chars);
  let isAny = false;
  for (const { 0: token, groups = {} } of pattern.matchAll(REGEX_TOKEN)) {
    const { open, close, least, range, most, operator, literal } = groups;
    if (open !== undefined) {
      outer.push(group);
      group = new Group(chars);
    } else if (close !== undefined) {
      const part = group.end();
      group = outer.pop() ?? new Group(chars);
      group.add(part);
    } else if (least !== undefined) {
      const isOpen = range !== undefined && most === '';
      group.repeat((part) => counted(part, Number(least), isOpen ? null : Number(most ?? least), chars));
    } else if (operator === '|') group.alternative();
    else if (operator === '?') group.repeat((part) => optional(part));
    else if (operator !== undefined) group.repeat((part) => (isAny ? anyLoop(chars) : loop(part, chars)));
    else if (literal !== undefined) for (const _ of literal) group.add(CHAR);
    else group.add(IS_EDGE.test(token) ? EDGE : CHAR);
    isAny = token === '.';
  }
  return group.end().looks;
}

function optional({ size, looks, most }: Part): Part {
  return { size: size + 1, looks: looks + 1, least: 0, most };
}

function anyLoop(chars: number): Part {
  return { size: 0, looks: 0, least: 0, most: chars };
}

function loop({ size }: Part, chars: number): Part {
  return { size: size + 1, looks: (size + 1) * chars, least: 0, most: chars };
}

/** @param most null for any number. */
function counted(part: Part, least: number, most: number | null, chars: number): Part {
  const count = Math.max(1, least, most ?? 0) + (most === null ? 1 : 0);
  // What is optional has a place more.
  const own = least === most ? 0 : 1;
  const size = (part.size + own) * count;
  // The i-th may begin at as many characters as those before it differ in length, and as it may itself.
  const looks = (part.looks + own) * (count + ((part.most - part.least) * count * (count - 1)) / 2);
  return {
    size,
    looks: Math.min(most === null ? Number.POSITIVE_INFINITY : looks, size * chars),
    least: part.least * least,
    most: most === null ? chars : Math.min(part.most * count, chars),
  };
}

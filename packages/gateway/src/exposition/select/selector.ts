/**
 * Series selectors as Prometheus's `/federate` takes them: `name`, `name{a="b",c!="d",e=~"f",g!~"h"}`, `{a="b"}`.
 *
 * The grammar is that of `ParseMetricSelector` (promql/parser), with white space and comments where it has them. Not
 * taken are quoted names (Prometheus 3), since no series here has a name that needs them, and values that are not
 * UTF-8. Taken beside it are names that PromQL keeps for itself, such as `inf` or `on`. As in Prometheus's API, but not
 * in its `/federate`, a selector must have a condition that a missing label does not meet: `{a=~".*"}` selects
 * everything and was hardly meant.
 */
import { LABEL_VALUE_CHARS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { quote } from '@tributary/shared/names';
import { createMatcher, equalTo, type Matcher, type Operator } from './matcher.ts';
import { compilePattern, type Pattern, readSimplePattern } from './pattern.ts';
import { readQuoted } from './quoted.ts';
import { RegexError } from './regex.ts';
import { regexCostMax } from './regex-cost.ts';
import { regexSizeMax } from './regex-size.ts';
import { Scanner } from './scanner.ts';

export interface Selector {
  /** The one spelling of its meaning. */
  readonly text: string;
  /** All must be met; the name is `__name__`. At least one. */
  readonly matchers: readonly Matcher[];
}

/** What the regular expressions of one request may still cost. */
export interface RegexBudget {
  /** In instructions of their programs. */
  left: number;
  /** In looks at one value each (regex-cost.ts). */
  looks: number;
}

/** Characters of one selector. */
export const SELECTOR_CHARS_MAX = 4096;
/** Conditions of one selector, the name included. */
export const MATCHERS_MAX = 64;
/**
 * Instructions of all regular expressions of a request. An expression without counted repetition has about as many as
 * characters; at this size matching takes half a millisecond a character.
 */
export const REGEX_SIZE_MAX = 8192;

/**
 * Looks that one expression may take at the longest value, which `.*a.{120}` has: nothing else happens until a value is decided. Below
 * that it is the number of sets that costs, ten milliseconds or some more for the longest value.
 */
export const REGEX_COST_MAX = 2 ** 18;
/** And all of a request, since a host's name, which is short, is held against all at once. */
const REGEX_COSTS_MAX = 4 * REGEX_COST_MAX;
/** Of the longest suffix, as in `_created`. */
const SUFFIX_CHARS_MAX = 8;

export const NAME = '__name__';

/** For one request. */
export function newRegexBudget(): RegexBudget {
  return { left: REGEX_SIZE_MAX, looks: REGEX_COSTS_MAX };
}

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /[=!]~|!?=/y;
const FORMS = 'a selector is NAME, NAME{LABEL="VALUE"} or {LABEL="VALUE"}';
/** U+FFFD is what broken UTF-8 has become by now; halves of characters come only from our own code. */
const BROKEN = /[\ufffd\p{Cs}]/u;

/**
 * @param budget shared by all selectors of a request, which each take their part of it.
 * @throws SelectionError
 */
export function parseSelector(text: string, budget: RegexBudget = newRegexBudget()): Selector {
  const scan = new Scanner(text);
  if (text.length > SELECTOR_CHARS_MAX) {
    scan.fail(`longer than ${SELECTOR_CHARS_MAX} characters`, 'use several match[]', null);
  }
  const broken = text.search(BROKEN);
  if (broken >= 0) scan.fail('broken UTF-8', 'encode the query as UTF-8', broken);
  scan.skipBlank();
  if (scan.atEnd) scan.fail('empty', FORMS, null);
  const matchers: Matcher[] = [];
  const name = scan.take(METRIC_NAME);
  if (name !== null) matchers.push(equalTo(NAME, name));
  scan.skipBlank();
  if (scan.takeChar('{')) readMatchers(scan, matchers, budget);
  else if (name === null) scan.fail(`unexpected ${scan.found}`, FORMS);
  scan.skipBlank();
  if (!scan.atEnd) {
    scan.fail(
      `unexpected ${scan.found} behind the selector`,
      'a match[] takes one selector and no expression',
    );
  }
  if (matchers.every((matcher) => matcher.matches(''))) {
    scan.fail('every condition is met by a missing label', 'add one that is not, such as the name', null);
  }
  return { text: canonical(matchers), matchers };
}

/** Reads up to the closing brace; the opening one is passed. */
function readMatchers(scan: Scanner, matchers: Matcher[], budget: RegexBudget): void {
  for (;;) {
    scan.skipBlank();
    if (scan.takeChar('}')) return;
    if (matchers.length === MATCHERS_MAX)
      scan.fail(`more than ${MATCHERS_MAX} conditions`, 'use several match[]');
    matchers.push(readMatcher(scan, budget));
    scan.skipBlank();
    if (scan.takeChar('}')) return;
    if (!scan.takeChar(','))
      scan.fail(`unexpected ${scan.found} behind a condition`, 'go on with "," or "}"');
  }
}

function readMatcher(scan: Scanner, budget: RegexBudget): Matcher {
  if (/["'`]/y.test(scan.text.slice(scan.pos))) {
    scan.fail('a quoted name', 'names here need no quotes; write NAME{…} and LABEL="VALUE"');
  }
  const label = scan.take(LABEL_NAME);
  if (label === null)
    return scan.fail(`no label's name but ${scan.found}`, 'write LABEL="VALUE", and "}" at the end');
  scan.skipBlank();
  // The pattern matches exactly these.
  const operator = scan.take(OPERATOR) as Operator | null;
  if (operator === null) {
    return scan.fail(`no operator but ${scan.found} behind ${quote(label)}`, 'there are =, !=, =~ and !~');
  }
  scan.skipBlank();
  const at = scan.pos;
  const value = readQuoted(scan);
  const negated = operator.startsWith('!');
  if (!operator.endsWith('~')) {
    return createMatcher(label, negated, { kind: 'values', values: new Set([value]) });
  }
  const charsMax = label === NAME ? NAME_CHARS_MAX + SUFFIX_CHARS_MAX : LABEL_VALUE_CHARS_MAX;
  return createMatcher(label, negated, readPattern(scan, value, at, budget, charsMax), value);
}

function readPattern(
  scan: Scanner,
  text: string,
  at: number,
  budget: RegexBudget,
  charsMax: number,
): Pattern {
  const simple = readSimplePattern(text);
  if (simple !== null) return simple;
  budget.left -= regexSizeMax(text);
  if (budget.left < 0) {
    scan.fail(
      `regular expressions of more than ${REGEX_SIZE_MAX} instructions`,
      'shorten them, or repeat less in {}; a choice of plain values costs nothing',
      at,
    );
  }
  const looks = regexCostMax(text, charsMax);
  budget.looks -= looks;
  if (looks > REGEX_COST_MAX || budget.looks < 0) {
    scan.fail(
      'a regular expression that can take too long for one value',
      'repeat less in {} behind a .*, or ask for less behind it; a choice of plain values costs nothing',
      at,
    );
  }
  try {
    return compilePattern(text, looks / charsMax);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    return scan.fail(`not a regular expression of RE2: ${error.message}`, 'see RE2 syntax', at);
  }
}

/** Conditions sorted and each once; `name{…}` where exactly one name is asked for. */
function canonical(matchers: readonly Matcher[]): string {
  const names = new Set<string>();
  for (const { label, only } of matchers) if (label === NAME && only !== null) names.add(only);
  const [first = ''] = names;
  METRIC_NAME.lastIndex = 0;
  const name = names.size === 1 && METRIC_NAME.exec(first)?.[0] === first ? first : '';
  const texts = new Set<string>();
  for (const { label, only, text } of matchers) {
    if (text !== null && !(name !== '' && label === NAME && only === name)) texts.add(text);
  }
  return name !== '' && texts.size === 0 ? name : `${name}{${[...texts].sort().join(',')}}`;
}

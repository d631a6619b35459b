import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SelectionError } from './selection-error.ts';
import {
  MATCHERS_MAX,
  newRegexBudget,
  parseSelector,
  REGEX_SIZE_MAX,
  type RegexBudget,
  SELECTOR_CHARS_MAX,
} from './selector.ts';

/** Of each selector its canonical text. */
const GOOD: readonly [selector: string, canonical: string][] = [
  ['up', 'up'],
  [':up', ':up'],
  ['job:up:sum{a="b"}', 'job:up:sum{a="b"}'],
  ['up{}', 'up'],
  ['up{ }', 'up'],
  ['up{a="b",}', 'up{a="b"}'],
  ['up{a="b" , }', 'up{a="b"}'],
  [' \t\r\nup \n{ a\t=\r"b" } ', 'up{a="b"}'],
  ['up # all of them', 'up'],
  ['up{# first\n a="b" # second\n}#third', 'up{a="b"}'],
  ['{__name__="up"}', 'up'],
  ['{a="b",__name__="up"}', 'up{a="b"}'],
  ['up{__name__="up"}', 'up'],
  ['up{__name__=~"up"}', 'up'],
  ['up{__name__="down"}', '{__name__="down",__name__="up"}'],
  ['{__name__="no name"}', '{__name__="no name"}'],
  ['{__name__=~"a|b"}', '{__name__=~"a|b"}'],
  ['{__name__=~"(b|a)"}', '{__name__=~"a|b"}'],
  ['{__name__=~"job:.*"}', '{__name__=~"job:.*"}'],
  ['{__name__=~".+"}', '{__name__!=""}'],
  ['up{__name__!="down"}', 'up{__name__!="down"}'],
  // Keywords of PromQL are names like any others here.
  ['sum', 'sum'],
  ['by{on="offset"}', 'by{on="offset"}'],
  ['inf', 'inf'],
  // The four operators, in order and once each.
  ['up{e=~"1.",b!="2",a="3",d!~"4."}', 'up{a="3",b!="2",d!~"4.",e=~"1."}'],
  ['up{a="1",a="1",a="2"}', 'up{a="1",a="2"}'],
  ['up{a=~"1",a="1"}', 'up{a="1"}'],
  ['up{__x__="1"}', 'up{__x__="1"}'],
  // Expressions that say less than they could.
  ['up{a=~"b"}', 'up{a="b"}'],
  ['up{a!~"b"}', 'up{a!="b"}'],
  ['up{a=~"b|a|b"}', 'up{a=~"a|b"}'],
  ['up{a!~"(?:b|a)"}', 'up{a!~"a|b"}'],
  ['up{a=~"|b"}', 'up{a=~"|b"}'],
  ['up{a=~"b|"}', 'up{a=~"|b"}'],
  ['up{a=~""}', 'up{a=""}'],
  ['up{a=~"()"}', 'up{a=""}'],
  ['up{a=~".*"}', 'up'],
  ['up{a!~".*"}', 'up{a!~".*"}'],
  ['up{a=~".+"}', 'up{a!=""}'],
  ['up{a!~".+"}', 'up{a=""}'],
  ['up{a=~"/dev/(sda|sdb)"}', 'up{a=~"/dev/(sda|sdb)"}'],
  [String.raw`up{a=~"a\\.b|c\\-d|\\_"}`, String.raw`up{a=~"_|a\\.b|c-d"}`],
  [String.raw`up{a=~"1\\.2"}`, 'up{a="1.2"}'],
  ['{a!=""}', '{a!=""}'],
  ['{a!~"b|"}', '{a!~"|b"}'],
  ['{a=~".+",b=~".*"}', '{a!=""}'],
  // Quotes and escapes.
  ["up{a='b'}", 'up{a="b"}'],
  ["up{a='b\"c'}", String.raw`up{a="b\"c"}`],
  ['up{a="b\'c"}', 'up{a="b\'c"}'],
  [String.raw`up{a='\''}`, 'up{a="\'"}'],
  [String.raw`up{a="\""}`, String.raw`up{a="\""}`],
  ['up{a=`b\\n"\'`}', String.raw`up{a="b\\n\"'"}`],
  ['up{a=`b\nc`}', String.raw`up{a="b\nc"}`],
  ['up{a=``}', 'up{a=""}'],
  [String.raw`up{a="\a\b\f\n\r\t\v\\"}`, String.raw`up{a="\u0007\u0008\u000c\n\u000d\u0009\u000b\\"}`],
  [String.raw`up{a="\x41\102\u0043\U00000044"}`, 'up{a="ABCD"}'],
  [String.raw`up{a="\xc3\xa9\303\251é\u00e9"}`, 'up{a="éééé"}'],
  [String.raw`up{a="\u0041f\x41f\1011"}`, 'up{a="AfAfA1"}'],
  [String.raw`up{a="\U0001F600😀"}`, 'up{a="😀😀"}'],
  [String.raw`up{a="\ufffd\u202e\U000e0001"}`, String.raw`up{a="\ufffd\u202e\U000e0001"}`],
  ['up{a="#{},"}', 'up{a="#{},"}'],
];

test('selectors and the one spelling of each', () => {
  for (const [selector, canonical] of GOOD) {
    assert.equal(parseSelector(selector).text, canonical, selector);
    assert.equal(parseSelector(canonical).text, canonical, `${canonical} is not its own spelling`);
  }
});

const ESCAPES = 'escapes are those of Go; between backticks there are none';
const FORMS = 'a selector is NAME, NAME{LABEL="VALUE"} or {LABEL="VALUE"}';
const ONE = 'a match[] takes one selector and no expression';
const LABEL = 'write LABEL="VALUE", and "}" at the end';
const VALUE = 'write LABEL="VALUE"';
const GO_ON = 'go on with "," or "}"';
const OPERATORS = 'there are =, !=, =~ and !~';
const QUOTED = 'names here need no quotes; write NAME{…} and LABEL="VALUE"';
const NOT_MISSING = 'add one that is not, such as the name';
const NOT_UTF8 = 'no label can have it; write characters as \\u00e9';

/** Of each bad selector: what is wrong, the offset from 0, and what would be right. */
const BAD: readonly [selector: string, what: string, offset: number | null, remedy: string][] = [
  ['', 'empty', null, FORMS],
  [' \n', 'empty', null, FORMS],
  ['# up', 'empty', null, FORMS],
  ['1up', 'unexpected "1"', 0, FORMS],
  ['-up', 'unexpected "-"', 0, FORMS],
  ['"up"', 'unexpected "\\""', 0, FORMS],
  ['(up)', 'unexpected "("', 0, FORMS],
  ['é', 'unexpected "é"', 0, FORMS],
  ['😀', 'unexpected "😀"', 0, FORMS],
  ['\u00a0up', 'unexpected "\u00a0"', 0, FORMS],
  ['\u202eup', 'unexpected "\\u202e"', 0, FORMS],
  ['sum(up)', 'unexpected "(" behind the selector', 3, ONE],
  ['up[5m]', 'unexpected "[" behind the selector', 2, ONE],
  ['up offset 5m', 'unexpected "o" behind the selector', 3, ONE],
  ['up @ 1', 'unexpected "@" behind the selector', 3, ONE],
  ['up,down', 'unexpected "," behind the selector', 2, ONE],
  ['up or down', 'unexpected "o" behind the selector', 3, ONE],
  ['up}', 'unexpected "}" behind the selector', 2, ONE],
  ['up{a="b"}{c="d"}', 'unexpected "{" behind the selector', 9, ONE],
  ['up{', "no label's name but end", 3, LABEL],
  ['up{,}', 'no label\'s name but ","', 3, LABEL],
  ['up{a="b",,}', 'no label\'s name but ","', 9, LABEL],
  ['up{1a="b"}', 'no label\'s name but "1"', 3, LABEL],
  ['up{é="b"}', 'no label\'s name but "é"', 3, LABEL],
  ['{"up"}', 'a quoted name', 1, QUOTED],
  ["up{'a'='b'}", 'a quoted name', 3, QUOTED],
  ['up{a}', 'no operator but "}" behind "a"', 4, OPERATORS],
  ['up{a', 'no operator but end behind "a"', 4, OPERATORS],
  ['up{a:b="c"}', 'no operator but ":" behind "a"', 4, OPERATORS],
  ['up{a~"b"}', 'no operator but "~" behind "a"', 4, OPERATORS],
  ['up{a! ="b"}', 'no operator but "!" behind "a"', 4, OPERATORS],
  ['up{a=}', 'a quoted value is missing before "}"', 5, VALUE],
  ['up{a=b}', 'a quoted value is missing before "b"', 5, VALUE],
  ['up{a==“b”}', 'a quoted value is missing before "="', 5, VALUE],
  ['up{a= ~"b"}', 'a quoted value is missing before "~"', 6, VALUE],
  ['up{a="b"', 'unexpected end behind a condition', 8, GO_ON],
  ['up{a="b" c="d"}', 'unexpected "c" behind a condition', 9, GO_ON],
  ['up{a="b"\v}', 'unexpected "\\u000b" behind a condition', 8, GO_ON],
  ['up{a="b', 'a quoted value without its end', 5, 'close it with "'],
  ['up{a=\'b"}', 'a quoted value without its end', 5, "close it with '"],
  ['up{a="b\n"}', 'a quoted value without its end', 5, 'close it with "'],
  ['up{a=`b"}', 'a quoted value without its end', 5, 'close it with a backtick'],
  [String.raw`up{a="b\"}`, 'a quoted value without its end', 5, 'close it with "'],
  [String.raw`up{a="\d"}`, 'the unknown escape \\d', 6, ESCAPES],
  [String.raw`up{a="\'"}`, "the unknown escape \\'", 6, ESCAPES],
  ['up{a="b\\', 'the unknown escape \\', 7, ESCAPES],
  [String.raw`up{a="\x4"}`, 'an escape with less than 2 digits', 6, ESCAPES],
  [String.raw`up{a="\u00g0"}`, 'an escape with less than 4 digits', 6, ESCAPES],
  [String.raw`up{a="\18"}`, 'an escape with less than 3 digits', 6, ESCAPES],
  [String.raw`up{a="\400"}`, 'an escape above one byte', 6, ESCAPES],
  [String.raw`up{a="\ud83d\ude00"}`, 'an escape that is no character', 6, ESCAPES],
  [String.raw`up{a="\U00110000"}`, 'an escape that is no character', 6, ESCAPES],
  [String.raw`up{a="\xff"}`, 'a value that is not UTF-8', 5, NOT_UTF8],
  [String.raw`up{a="\xc3A9"}`, 'a value that is not UTF-8', 5, NOT_UTF8],
  ['up{a="\ufffd"}', 'broken UTF-8', 6, 'encode the query as UTF-8'],
  ['up{a="\ud800"}', 'broken UTF-8', 6, 'encode the query as UTF-8'],
  ['{}', 'every condition is met by a missing label', null, NOT_MISSING],
  ['{a=""}', 'every condition is met by a missing label', null, NOT_MISSING],
  ['{a!="b"}', 'every condition is met by a missing label', null, NOT_MISSING],
  ['{a=~".*",b=~"x|",c!~"d.",d=~"e*"}', 'every condition is met by a missing label', null, NOT_MISSING],
  ['up{a=~"("}', 'not a regular expression of RE2: missing closing ): `(`', 6, 'see RE2 syntax'],
  ['up{a!~"a)(b"}', 'not a regular expression of RE2: unexpected ): `a)(b`', 6, 'see RE2 syntax'],
  [
    'up{a=~"*"}',
    'not a regular expression of RE2: missing argument to repetition operator: `*`',
    6,
    'see RE2 syntax',
  ],
  [
    'up{a=~"a{1001}"}',
    'not a regular expression of RE2: invalid repeat count: `{1001}`',
    6,
    'see RE2 syntax',
  ],
  [
    'up{a=~"(?=a)"}',
    'not a regular expression of RE2: invalid or unsupported Perl syntax: `(?=`',
    6,
    'see RE2 syntax',
  ],
  [
    String.raw`up{a=~"(.)\\1"}`,
    'not a regular expression of RE2: invalid escape sequence: `\\1`',
    6,
    'see RE2 syntax',
  ],
];

test('bad selectors are refused, saying what, where and what to do', () => {
  for (const [selector, what, offset, remedy] of BAD) {
    const error = errorOf(selector);
    assert.deepEqual(error.fault, { what, offset, remedy }, selector);
    assert.equal(error.parameter, 'match[]');
    const where = offset === null ? '' : ` at character ${offset + 1}`;
    assert.ok(
      error.message.startsWith('match[] "') && error.message.endsWith(`": ${what}${where}; ${remedy}`),
    );
    assert.ok(error.message.isWellFormed() && !/[\n\v\u202e]/.test(error.message), error.message);
  }
});

test('limits', () => {
  const long = `up{a="${'b'.repeat(SELECTOR_CHARS_MAX - 8)}"}`;
  assert.equal(long.length, SELECTOR_CHARS_MAX);
  parseSelector(long);
  assert.match(errorOf(`${long} `).message, /": longer than 4096 characters; use several match\[\]$/);
  const conditions = Array.from({ length: MATCHERS_MAX }, (_, i) => `a${i}="b"`);
  parseSelector(`{${conditions.join(',')},}`);
  const { fault } = errorOf(`{${[...conditions, 'a="b"'].join(',')}}`);
  assert.equal(fault.what, 'more than 64 conditions');
  assert.equal(errorOf(`up{${conditions.join(',')}}`).fault.remedy, 'use several match[]');
});

test('the regular expressions of a request are bounded together, before any is compiled', () => {
  const budget = newRegexBudget();
  parseSelector('up{a=~"(a|b){1000}c"}', budget);
  const spent = REGEX_SIZE_MAX - budget.left;
  assert.ok(spent >= 3000 && spent < 8192, `${spent}`);
  const before = process.cpuUsage();
  const error = errorOf('up{a=~"(a|b){1000}c"}', budget);
  assert.equal(error.fault.what, `regular expressions of more than ${REGEX_SIZE_MAX} instructions`);
  assert.equal(error.fault.offset, 6);
  assert.throws(() => parseSelector(`up{a=~"${'[ab]{1000}'.repeat(400)}"}`), SelectionError);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 100_000, `${user} µs`);
  // The longest selector may be one expression, as long as it does not repeat itself.
  parseSelector(`up{a=~"${'node_.*|'.repeat(510)}"}`);
});

function errorOf(selector: string, budget?: RegexBudget): SelectionError {
  try {
    parseSelector(selector, budget);
  } catch (error) {
    assert.ok(error instanceof SelectionError, `${selector}: ${error}`);
    return error;
  }
  return assert.fail(`${selector} was taken`);
}

/** js-yaml's reasons in words that say what to do. They are its own (5.5.0), and tested here for being still the same. */

const INDENTED =
  'no entry can stand here: look at the indentation, and put quotes around a value that has ": " or quotes in it or begins with one of @ ` %';
const EXPECTED =
  'a "key: value" is expected: look at the indentation, and whether this line or the one before lacks a colon or the space after it';
const UNCLOSED = 'a quote, [ or { that was opened before is not closed, or what it encloses is not indented';
const END = 'the file ends within quotes';

const EXPLAINED: ReadonlyMap<string, string> = new Map([
  ['bad indentation of a mapping entry', INDENTED],
  ['bad indentation of a sequence entry', INDENTED],
  ['end of the stream or a document separator is expected', EXPECTED],
  ["expected ':' after a mapping key", EXPECTED],
  ['can not read a block mapping entry; a multiline key may not be an implicit key', EXPECTED],
  ['deficient indentation', UNCLOSED],
  ['tab characters must not be used in indentation', 'a tab cannot indent in YAML; use spaces'],
  ['unexpected end of the stream within a flow collection', 'the file ends within [ or {'],
  ['unexpected end of the stream within a single quoted scalar', END],
  ['unexpected end of the stream within a double quoted scalar', END],
  ['missed comma between flow collection entries', 'a comma is missing between two entries of [ or {'],
  ["expected the node content, but found ','", 'there is nothing before this comma'],
  [
    'unknown escape sequence',
    'in double quotes a \\ begins an escape that is not known; write \\\\, or use single quotes',
  ],
  ['expected hexadecimal character', 'in double quotes \\x, \\u and \\U need 2, 4 and 8 hexadecimal digits'],
  [
    'the stream contains non-printable characters',
    'there is a control character in this line or the one before',
  ],
  ['null byte is not allowed in input', 'there is a NUL character in this line'],
]);

export function explain(reason: string): string {
  if (reason.startsWith('nesting exceeded')) return 'lists and maps are nested too deeply';
  return EXPLAINED.get(reason) ?? `no YAML: ${reason}`;
}

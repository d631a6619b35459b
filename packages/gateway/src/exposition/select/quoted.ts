/** Quoted text of a selector: Go's escapes, as Prometheus's lexer and `strutil.Unquote` take them. */
import { printable } from '@tributary/shared/names';
import type { Scanner } from './scanner.ts';

const PLAIN = /[^\\"'\n]+/y;
const RAW = /[^`]*/y;
const CHARS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
/** By the letter behind the backslash: how many hexadecimal digits follow. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const DIGITS = /[0-9a-fA-F]+/y;
const OCTAL = /[0-7]{1,3}/y;
const CODE_POINT_MAX = 0x10ffff;

/**
 * Reads `"…"`, `'…'` or a raw string in backticks.
 * @throws SelectionError
 */
export function readQuoted(scan: Scanner): string {
  const start = scan.pos;
  const unterminated = (quote: string): never =>
    scan.fail('a quoted value without its end', `close it with ${quote}`, start);
  if (scan.takeChar('`')) {
    const raw = scan.take(RAW) ?? '';
    return scan.takeChar('`') ? raw : unterminated('a backtick');
  }
  const quote = scan.takeChar('"') ? '"' : scan.takeChar("'") ? "'" : null;
  if (quote === null)
    return scan.fail(`a quoted value is missing before ${scan.found}`, 'write LABEL="VALUE"');
  const text = new Text(scan, start);
  for (;;) {
    if (scan.takeChar(quote)) return text.end();
    const char = scan.text[scan.pos];
    if (char === undefined || char === '\n') return unterminated(quote);
    if (char === '\\') readEscape(scan, quote, text);
    else {
      const plain = scan.take(PLAIN);
      // Either quote is a plain character between two of the other.
      if (plain === null) scan.pos++;
      text.add(plain ?? char);
    }
  }
}

function readEscape(scan: Scanner, quote: string, text: Text): void {
  const at = scan.pos++;
  const bad = (what: string): never =>
    scan.fail(what, 'escapes are those of Go; between backticks there are none', at);
  const letter = scan.text[scan.pos] ?? '';
  const char = letter === quote ? quote : Object.hasOwn(CHARS, letter) ? CHARS[letter] : undefined;
  if (char !== undefined) {
    scan.pos++;
    return text.add(char);
  }
  const octal = scan.take(OCTAL);
  const wanted = octal !== null ? 3 : Object.hasOwn(HEX_DIGITS, letter) ? HEX_DIGITS[letter] : undefined;
  if (wanted === undefined) return bad(`the unknown escape \\${printable(letter)}`);
  if (octal === null) scan.pos++;
  const digits = octal ?? scan.take(DIGITS)?.slice(0, wanted) ?? '';
  if (digits.length < wanted) return bad(`an escape with less than ${wanted} digits`);
  scan.pos = at + 1 + wanted + (octal === null ? 1 : 0);
  const code = Number.parseInt(digits, octal === null ? 16 : 8);
  if (letter === 'u' || letter === 'U') {
    if (code > CODE_POINT_MAX || (code >= 0xd800 && code <= 0xdfff))
      return bad('an escape that is no character');
    return text.add(String.fromCodePoint(code));
  }
  if (code > 0xff) return bad('an escape above one byte');
  text.addByte(code);
}

/** Text made of characters and of single bytes, which together must be UTF-8. */
class Text {
  readonly #scan: Scanner;
  readonly #start: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #text = '';
  #bytes: number[] = [];

  constructor(scan: Scanner, start: number) {
    this.#scan = scan;
    this.#start = start;
  }

  add(text: string): void {
    this.#flush();
    this.#text += text;
  }

  addByte(byte: number): void {
    if (byte < 0x80) this.add(String.fromCharCode(byte));
    else this.#bytes.push(byte);
  }

  end(): string {
    this.#flush();
    return this.#text;
  }

  #flush(): void {
    if (this.#bytes.length === 0) return;
    try {
      this.#text += this.#decoder.decode(Uint8Array.from(this.#bytes));
    } catch {
      // What `fatal` throws says no more than this.
      this.#scan.fail(
        'a value that is not UTF-8',
        'no label can have it; write characters as \\u00e9',
        this.#start,
      );
    }
    this.#bytes = [];
  }
}

/** What a quoted value would hide, and what `parseSelector` takes for a sign of broken UTF-8. */
const ESCAPED = /[\\"\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu;

/** The one spelling of a value in canonical text; `readQuoted` reads it back. */
export function writeQuoted(value: string): string {
  const escaped = value.replace(ESCAPED, (char) => {
    if (char === '\\' || char === '"') return `\\${char}`;
    if (char === '\n') return '\\n';
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

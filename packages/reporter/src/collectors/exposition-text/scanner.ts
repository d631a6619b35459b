/**
 * Reads the tokens of a text of the exposition format. It walks over the text once by character codes and cuts pieces out of
 * it, which is several times as fast as matching expressions line by line.
 */
import { quote } from '@tributary/shared/names';
import { TextFormatError } from './families.ts';
import { parseGoNumber } from './go-number.ts';

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;

/** By character code: 1 for what may be in a label name, 2 for the colon, which only metric names have, 4 for digits. */
const CLASSES = new Uint8Array(128);
for (let code = 0; code < CLASSES.length; code++) {
  const char = String.fromCharCode(code);
  if (/[a-zA-Z_]/.test(char)) CLASSES[code] = 1;
  else if (char === ':') CLASSES[code] = 2;
  else if (/[0-9]/.test(char)) CLASSES[code] = 4;
}
const LABEL_START = 1;
const METRIC_START = 1 | 2;
const DIGIT = 4;

export class Scanner {
  readonly #text: string;
  #position = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  get line(): number {
    return this.#line;
  }

  get atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  fail(message: string): TextFormatError {
    return new TextFormatError(this.#line, message);
  }

  skipBlanks(): void {
    let code = this.#text.charCodeAt(this.#position);
    while (code === SPACE || code === TAB) code = this.#text.charCodeAt(++this.#position);
  }

  /** Takes `char` if it is next. */
  take(char: string): boolean {
    if (this.#text[this.#position] !== char) return false;
    this.#position++;
    return true;
  }

  /** Takes the end of a line if it is next. */
  takeNewline(): boolean {
    if (this.#text.charCodeAt(this.#position) !== NEWLINE) return false;
    this.#position++;
    this.#line++;
    return true;
  }

  /** Takes the rest of the line and its end. The last line has to have one too: without it the text was cut off. */
  takeLine(): string {
    const end = this.#text.indexOf('\n', this.#position);
    if (end < 0) throw this.fail('the text ends within the line');
    const rest = this.#text.slice(this.#position, end);
    this.#position = end + 1;
    this.#line++;
    return rest;
  }

  takeMetricName(): string {
    return this.#takeName(METRIC_START);
  }

  takeLabelName(): string {
    return this.#takeName(LABEL_START);
  }

  /** A name, or nothing where none begins. */
  #takeName(start: number): string {
    const from = this.#position;
    let mask = start;
    while (((CLASSES[this.#text.charCodeAt(this.#position)] ?? 0) & mask) !== 0) {
      this.#position++;
      mask = start | DIGIT;
    }
    return this.#text.slice(from, this.#position);
  }

  /** Everything up to the next blank or end of line. */
  takeWord(): string {
    const from = this.#position;
    while (this.#position < this.#text.length) {
      const code = this.#text.charCodeAt(this.#position);
      if (code === SPACE || code === TAB || code === NEWLINE) break;
      this.#position++;
    }
    return this.#text.slice(from, this.#position);
  }

  /** A label's value, of which the opening quote has been taken. */
  takeQuoted(): string {
    const from = this.#position;
    let hasEscapes = false;
    for (;;) {
      if (this.#position >= this.#text.length) throw this.fail('the text ends within a label value');
      const code = this.#text.charCodeAt(this.#position++);
      if (code === QUOTE) break;
      if (code === NEWLINE) throw this.fail('the line ends within a label value');
      if (code !== BACKSLASH) continue;
      hasEscapes = true;
      this.#position++;
    }
    const raw = this.#text.slice(from, this.#position - 1);
    return hasEscapes ? this.#unescape(raw, /\\(.?)/gs) : raw;
  }

  /** The text of a HELP line, and the line's end. A quote needs no escape here. */
  takeHelp(charsMax: number): string {
    const end = this.#text.indexOf('\n', this.#position);
    const raw = this.#text.slice(this.#position, end < 0 ? undefined : end);
    if (raw.length > charsMax) throw this.fail(`the help is longer than ${charsMax} characters`);
    const help = raw.includes('\\') ? this.#unescape(raw, /\\(.?)/gs) : raw;
    this.takeLine();
    return help;
  }

  #unescape(raw: string, pattern: RegExp): string {
    return raw.replace(pattern, (whole, char: string) => {
      if (char === 'n') return '\n';
      if (char === '\\' || char === '"') return char;
      throw this.fail(`${quote(whole)} is no escape`);
    });
  }

  takeNumber(): number {
    const word = this.takeWord();
    const value = parseGoNumber(word);
    if (value !== null) return value;
    throw this.fail(word === '' ? 'there is no value' : `the value ${quote(word)} is no number`);
  }

  takeTimestampMs(): number {
    const word = this.takeWord();
    const value = /^-?\d+$/.test(word) ? Number(word) : Number.NaN;
    if (!Number.isSafeInteger(value))
      throw this.fail(`the timestamp ${quote(word)} is no whole number of milliseconds`);
    return value;
  }
}

/** Reads a selector's text from left to right, as Prometheus's lexer does (promql/parser/lex.go). */
import { quote } from '@tributary/shared/names';
import { SelectionError } from './selection-error.ts';

/** Space, and comments to the end of their line. */
const BLANK = /(?:[ \t\n\r]|#[^\n]*)*/y;

export class Scanner {
  readonly text: string;
  /** In UTF-16 units. */
  pos = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.pos >= this.text.length;
  }

  /** The character at `pos` for a message. */
  get found(): string {
    const code = this.text.codePointAt(this.pos);
    return code === undefined ? 'end' : quote(String.fromCodePoint(code));
  }

  skipBlank(): void {
    this.take(BLANK);
  }

  /** @param pattern sticky. @returns what it matches here, having passed it; null when it does not match. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.pos;
    const [found] = pattern.exec(this.text) ?? [];
    if (found === undefined) return null;
    this.pos += found.length;
    return found;
  }

  /** As `take`, for one character. */
  takeChar(char: string): boolean {
    if (this.text[this.pos] !== char) return false;
    this.pos++;
    return true;
  }

  /** @throws SelectionError */
  fail(what: string, remedy: string, offset: number | null = this.pos): never {
    throw new SelectionError('match[]', this.text, { what, remedy, offset });
  }
}

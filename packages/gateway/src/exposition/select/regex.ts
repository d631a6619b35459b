/**
 * Regular expressions of selectors: RE2 syntax, matched against the whole text, `.` matching also line ends, as in
 * Prometheus 3 (model/labels/regexp.go). Linear in the text whatever the expression: a scraper may send any.
 *
 * The engine, `re2js`, is loaded when the first expression needs it: 13 ms, 8 ms more for the first expression, and
 * 7.5 MB of memory. Most selectors never need it (pattern.ts).
 */
import { createRequire } from 'node:module';
import { printable } from '@tributary/shared/names';
import type { RE2JS } from 're2js';

/** Values whose verdict is remembered: label values are few compared with the series that have them. */
const VERDICTS_MAX = 16_384;

/** The expression is not RE2's. */
export class RegexError extends Error {
  override readonly name = 'RegexError';
}

export class Regex {
  readonly #pattern: string;
  readonly #verdicts = new Map<string, boolean>();
  #engine: RE2JS | null;

  /** @throws RegexError */
  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#engine = compile(pattern);
  }

  test(value: string): boolean {
    let verdict = this.#verdicts.get(value);
    if (verdict !== undefined) return verdict;
    this.#engine ??= compile(this.#pattern);
    verdict = this.#engine.testExact(value);
    if (this.#verdicts.size >= VERDICTS_MAX) {
      this.#verdicts.clear();
      this.release();
    }
    this.#verdicts.set(value, verdict);
    return verdict;
  }

  /** Lets go of the compiled form, of which the states met so far can be 8 MB. It is made again when needed. */
  release(): void {
    this.#engine = null;
  }
}

let engine: typeof RE2JS | undefined;

function compile(pattern: string): RE2JS {
  // `require` knows no types; `import()` would, but cannot be waited for here.
  engine ??= (createRequire(import.meta.url)('re2js') as typeof import('re2js')).RE2JS;
  try {
    return engine.compile(pattern, engine.DOTALL);
  } catch (error) {
    // Whatever it cannot compile is the expression's fault. Its message repeats the expression, behind the flag.
    const message = error instanceof Error ? error.message : String(error);
    const plain = message.replace(/^error parsing regexp: /, '').replace('`(?s)', '`');
    throw new RegexError(printable(plain), { cause: error });
  }
}

/**
 * What a text says of its families besides samples: HELP and TYPE. As in Prometheus, they may stand anywhere in the text,
 * and of several the last counts.
 */
import { HELP_CHARS_MAX } from '@tributary/shared/limits';
import { quote } from '@tributary/shared/names';
import type { MetricType } from '@tributary/shared/shape';
import type { ExpositionFormat } from './content-type.ts';
import { Mistake } from './mistake.ts';
import { skipBlanks, unescapeText } from './read-series.ts';

/** A type as a text declares it. */
export type DeclaredType = MetricType | 'gaugehistogram';

export interface Declared {
  readonly type: DeclaredType | null;
  readonly help: string;
}

/** By the name that stands in the HELP and TYPE lines. */
export type Metadata = ReadonlyMap<string, Declared>;

const TEXT_TYPES: ReadonlyMap<string, DeclaredType> = new Map(
  (['counter', 'gauge', 'histogram', 'summary', 'untyped'] as const).map((type) => [type, type]),
);
const OPENMETRICS_TYPES: ReadonlyMap<string, DeclaredType> = new Map<string, DeclaredType>([
  ...(['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] as const).map(
    (type) => [type, type] as const,
  ),
  ['unknown', 'untyped'],
]);

const NEWLINE = 10;
const HASH = 35;
/** A name in quotes, or the longest plain one: what is stuck to it belongs to the text behind. */
const NAME = /^(?:"((?:\\.|[^\\"]){0,1024})"|([a-zA-Z_:][a-zA-Z0-9_:]*))/;
const NAME_CHARS_SEEN = 2048;
/** Of what is said of a family: more than is kept of it, even if all of it were escapes. */
const SAID_CHARS_SEEN = 2 * HELP_CHARS_MAX;

/** Reads everything that is no sample. */
export class MetadataReader {
  readonly families = new Map<string, Declared>();
  readonly #text: string;
  readonly #format: ExpositionFormat;
  readonly #familiesMax: number;
  /** Gives a string that does not hold the whole text in memory. */
  readonly #own: (text: string) => string;

  constructor(text: string, format: ExpositionFormat, familiesMax: number, own: (text: string) => string) {
    this.#text = text;
    this.#format = format;
    this.#familiesMax = familiesMax;
    this.#own = own;
  }

  /**
   * Passes over comments and empty lines.
   * @param until a comment that begins there or behind is not read: its place is returned.
   * @returns where the next sample's line begins, or the text's length when there is none.
   * @throws Mistake
   */
  skipToSample(from: number, until: number): number {
    return this.#format === 'text' ? this.#skipText(from, until) : this.#skipOpenMetrics(from, until);
  }

  #skipText(from: number, until: number): number {
    const text = this.#text;
    let at = skipBlanks(text, from);
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === HASH) {
        if (at >= until) return at;
        const end = text.indexOf('\n', at);
        this.#textComment(text.slice(at + 1, end), at);
        at = end;
      } else if (code !== NEWLINE) return at;
      at = skipBlanks(text, at + 1);
    }
  }

  /** @param line without its hash. */
  #textComment(line: string, at: number): void {
    const match = /^[ \t]+(HELP|TYPE)[ \t]+/.exec(line);
    if (match === null) return;
    const [before, keyword] = match;
    const { name, rest } = this.#name(line.slice(before.length), at);
    // One character separates, whatever it is; but nothing but blanks is nothing.
    const said = /^[ \t]*$/.test(rest) ? '' : rest.slice(1, 1 + SAID_CHARS_SEEN);
    if (keyword === 'TYPE') this.#declareType(name, said, TEXT_TYPES, at);
    else
      this.#declareHelp(
        name,
        said.replace(/\\([\\n])/g, (_, char) => (char === 'n' ? '\n' : char)),
        at,
      );
  }

  #skipOpenMetrics(from: number, until: number): number {
    const text = this.#text;
    let at = from;
    while (text.charCodeAt(at) === HASH) {
      if (at >= until) return at;
      if (text.startsWith('# EOF', at)) {
        const end = at + '# EOF'.length;
        if (end === text.length || (text.charCodeAt(end) === NEWLINE && end + 1 === text.length))
          return text.length;
        throw new Mistake(end, 'there is more behind # EOF');
      }
      const end = text.indexOf('\n', at);
      if (end < 0) throw new Mistake(text.length, 'the text does not end with # EOF');
      this.#openMetricsComment(text.slice(at, end), at);
      at = end + 1;
    }
    if (at >= text.length) throw new Mistake(at, 'the text does not end with # EOF');
    return at;
  }

  #openMetricsComment(line: string, at: number): void {
    const keyword = line.slice(2, 7);
    if (!line.startsWith('# ') || (keyword !== 'HELP ' && keyword !== 'TYPE ' && keyword !== 'UNIT '))
      throw new Mistake(at, 'HELP, TYPE, UNIT or EOF was expected behind "# "');
    const { name, rest } = this.#name(line.slice(7), at);
    if (!rest.startsWith(' ')) throw new Mistake(at, `a blank was expected behind ${keyword}${quote(name)}`);
    const said = rest.slice(1, 1 + SAID_CHARS_SEEN);
    if (keyword === 'TYPE ') this.#declareType(name, said, OPENMETRICS_TYPES, at);
    else if (keyword === 'HELP ') this.#declareHelp(name, unescapeText(said), at);
    else if (said !== '' && !name.endsWith(`_${said}`))
      throw new Mistake(at, `the unit ${quote(said)} is no suffix of ${quote(name)}`);
  }

  #name(line: string, at: number): { readonly name: string; readonly rest: string } {
    const match = NAME.exec(line.slice(0, NAME_CHARS_SEEN));
    if (match === null) throw new Mistake(at, 'a metric name was expected behind HELP, TYPE or UNIT');
    const [whole, quoted, plain = ''] = match;
    const name = quoted === undefined ? plain : unescapeText(quoted);
    return { name, rest: line.slice(whole.length) };
  }

  #declareType(name: string, word: string, types: ReadonlyMap<string, DeclaredType>, at: number): void {
    const type = types.get(word);
    if (type === undefined)
      throw new Mistake(at, `the type ${quote(word, 40)} is none of ${[...types.keys()].join(', ')}`);
    this.#declare(name, { type, help: this.families.get(name)?.help ?? '' }, at);
  }

  #declareHelp(name: string, help: string, at: number): void {
    // The rest of it is no reason to lose the family. What is cut in the middle of a character is no text.
    const cut = help.slice(0, HELP_CHARS_MAX).replaceAll('\0', '').toWellFormed();
    this.#declare(name, { type: this.families.get(name)?.type ?? null, help: this.#own(cut) }, at);
  }

  #declare(name: string, declared: Declared, at: number): void {
    if (!this.families.has(name) && this.families.size >= this.#familiesMax)
      throw new Mistake(at, `there are more than ${this.#familiesMax} families`, 'limit');
    this.families.set(this.#own(name), declared);
  }
}

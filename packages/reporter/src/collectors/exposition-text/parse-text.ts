/**
 * Prometheus's text format 0.0.4, read as strictly as its own parser does: a text with one mistake is refused whole.
 *
 * A family is one name with its HELP and TYPE and every sample that belongs to it, wherever in the text it stands: those of
 * a histogram or summary are told from others by what their name ends with. TYPE comes before the samples, and neither
 * line comes twice. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * Besides that, a series may come once only, label names that begin with `__` are refused, and everything is bounded.
 */
import { HELP_CHARS_MAX, LABEL_VALUE_CHARS_MAX, LABELS_MAX, NAME_CHARS_MAX } from '@tributary/shared/limits';
import { quote } from '@tributary/shared/names';
import type { MetricType } from '@tributary/shared/shape';
import { RepeatedSampleError, type TextFamily, type TextLimits, type TextSample } from './families.ts';
import { Scanner } from './scanner.ts';

export const DEFAULT_TEXT_LIMITS: TextLimits = {
  samplesMax: 100_000,
  familiesMax: 20_000,
  labelsMax: LABELS_MAX,
  nameCharsMax: NAME_CHARS_MAX,
  labelValueCharsMax: LABEL_VALUE_CHARS_MAX,
  helpCharsMax: HELP_CHARS_MAX,
};

/** The types of this format; `info` and `stateset` are OpenMetrics's. */
const TYPES: readonly MetricType[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

const NO_LABELS: readonly string[] = [];

interface OpenFamily {
  readonly name: string;
  type: MetricType | null;
  help: string | null;
  readonly samples: TextSample[];
  readonly keys: Set<string>;
}

/** @throws TextFormatError */
export function parseText(text: string, limits: TextLimits = DEFAULT_TEXT_LIMITS): TextFamily[] {
  return new TextParser(text, limits).parse();
}

class TextParser {
  readonly #scanner: Scanner;
  readonly #limits: TextLimits;
  readonly #families = new Map<string, OpenFamily>();
  #samples = 0;
  /** The last sample's name and what it was found to be: samples of one name mostly follow one another. */
  #lastName = '';
  #lastFamily: OpenFamily | null = null;
  #lastSuffix = '';

  constructor(text: string, limits: TextLimits) {
    this.#scanner = new Scanner(text);
    this.#limits = limits;
  }

  parse(): TextFamily[] {
    const scanner = this.#scanner;
    while (!scanner.atEnd) {
      scanner.skipBlanks();
      if (scanner.takeNewline()) continue;
      if (scanner.take('#')) this.#comment();
      else this.#sample();
    }
    // A family of which only HELP or TYPE is there has no series.
    const told = [...this.#families.values()].filter(({ samples }) => samples.length > 0);
    return told.map(({ name, type, help, samples }) => ({ name, type: type ?? 'untyped', help, samples }));
  }

  #comment(): void {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    const keyword = scanner.takeWord();
    if (keyword !== 'HELP' && keyword !== 'TYPE') {
      scanner.takeLine();
      return;
    }
    scanner.skipBlanks();
    const name = scanner.takeMetricName();
    const after = scanner.takeWord();
    if (name === '' || after !== '')
      throw scanner.fail(`${keyword} ${quote(name + after)} is no metric name`);
    scanner.skipBlanks();
    const family = this.#familyCalled(name);
    this.#lastName = '';
    if (keyword === 'HELP') this.#help(family);
    else this.#type(family);
  }

  #help(family: OpenFamily): void {
    const scanner = this.#scanner;
    if (family.help !== null) throw scanner.fail(`a second HELP of ${family.name}`);
    family.help = scanner.takeHelp(this.#limits.helpCharsMax);
  }

  #type(family: OpenFamily): void {
    const scanner = this.#scanner;
    if (family.type !== null) throw scanner.fail(`a second TYPE of ${family.name}`);
    if (family.samples.length > 0) throw scanner.fail(`TYPE of ${family.name} behind its samples`);
    const word = scanner.takeWord();
    const type = TYPES.find((known) => known === word);
    if (type === undefined) throw scanner.fail(`the type ${quote(word)} is none of ${TYPES.join(', ')}`);
    this.#endOfLine();
    family.type = type;
  }

  #sample(): void {
    const scanner = this.#scanner;
    const name = scanner.takeMetricName();
    if (name === '') throw scanner.fail(`a metric name was expected, not ${quote(scanner.takeWord(), 40)}`);
    if (name !== this.#lastName) this.#find(name);
    const family = this.#lastFamily;
    if (family === null) return;
    scanner.skipBlanks();
    const labels = scanner.take('{') ? this.#labels() : NO_LABELS;
    scanner.skipBlanks();
    const value = scanner.takeNumber();
    scanner.skipBlanks();
    const key = this.#lastSuffix + labels.join('\0');
    if (family.keys.has(key))
      throw new RepeatedSampleError(scanner.line, `a second sample of the same series of ${name}`);
    family.keys.add(key);
    if (++this.#samples > this.#limits.samplesMax)
      throw scanner.fail(`there are more than ${this.#limits.samplesMax} samples`);
    const timestampMs = scanner.takeNewline() ? null : this.#timestamp();
    family.samples.push({ suffix: this.#lastSuffix, labels, value, timestampMs });
  }

  #timestamp(): number {
    if (this.#scanner.atEnd) throw this.#scanner.fail('the text ends within the line');
    const timestampMs = this.#scanner.takeTimestampMs();
    this.#endOfLine();
    return timestampMs;
  }

  /** The labels behind `{`, and `}`. */
  #labels(): readonly string[] {
    const scanner = this.#scanner;
    const labels: string[] = [];
    let isCanonical = true;
    for (;;) {
      scanner.skipBlanks();
      if (scanner.take('}')) break;
      const name = this.#labelName();
      const value = scanner.takeQuoted();
      if (value.length > this.#limits.labelValueCharsMax)
        throw scanner.fail(`the value of the label ${name} is too long`);
      for (let i = 0; i < labels.length; i += 2) {
        if (labels[i] === name) throw scanner.fail(`a second label ${name}`);
      }
      if (value === '' || name < (labels.at(-2) ?? '')) isCanonical = false;
      labels.push(name, value);
      if (labels.length > 2 * this.#limits.labelsMax)
        throw scanner.fail(`there are more than ${this.#limits.labelsMax} labels`);
      scanner.skipBlanks();
      if (scanner.take(',')) continue;
      if (scanner.take('}')) break;
      throw scanner.fail(`"," or "}" was expected behind the label ${name}`);
    }
    return isCanonical ? labels : canonical(labels);
  }

  /** A label's name, up to the opening quote of its value. */
  #labelName(): string {
    const scanner = this.#scanner;
    const name = scanner.takeLabelName();
    if (name === '') throw scanner.fail('a label name was expected');
    if (name.length > this.#limits.nameCharsMax)
      throw scanner.fail(`the label name ${quote(name)} is too long`);
    if (name.startsWith('__')) throw scanner.fail(`the label name ${name} is reserved`);
    scanner.skipBlanks();
    if (!scanner.take('=')) throw scanner.fail(`"=" was expected behind the label name ${name}`);
    scanner.skipBlanks();
    if (!scanner.take('"')) throw scanner.fail(`a quote was expected before the value of the label ${name}`);
    return name;
  }

  /** Finds out which family a sample of that name belongs to, and with which suffix. */
  #find(name: string): void {
    this.#lastName = name;
    this.#lastSuffix = '';
    const own = this.#families.get(name);
    if (own !== undefined && own.type === 'histogram')
      throw this.#scanner.fail(`${name} is a histogram, whose samples end with _bucket, _sum or _count`);
    for (const suffix of own === undefined ? ['_bucket', '_sum', '_count'] : []) {
      const base = name.endsWith(suffix) ? this.#families.get(name.slice(0, -suffix.length)) : undefined;
      if (base?.type !== 'histogram' && (base?.type !== 'summary' || suffix === '_bucket')) continue;
      this.#lastFamily = base;
      this.#lastSuffix = suffix;
      return;
    }
    this.#lastFamily = own ?? this.#familyCalled(name);
  }

  #familyCalled(name: string): OpenFamily {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    if (name.length > this.#limits.nameCharsMax)
      throw this.#scanner.fail(`the metric name ${quote(name)} is too long`);
    if (this.#families.size >= this.#limits.familiesMax)
      throw this.#scanner.fail(`there are more than ${this.#limits.familiesMax} families`);
    const family = { name, type: null, help: null, samples: [], keys: new Set<string>() };
    this.#families.set(name, family);
    return family;
  }

  #endOfLine(): void {
    this.#scanner.skipBlanks();
    if (this.#scanner.takeNewline()) return;
    const what = this.#scanner.atEnd ? 'the text ends within the line' : 'more follows on the line';
    throw this.#scanner.fail(what);
  }
}

/** Sorted by name, without empty values, which are the same as no label in Prometheus's data model. */
function canonical(labels: readonly string[]): readonly string[] {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i] ?? '', labels[i + 1] ?? '']);
  return pairs
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat();
}

/** Reads the gateway's own series out of its exposition, text 0.0.4 as it writes it. Lines that are none are passed. */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** By name. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g;

export function readSamples(text: string): Samples {
  const all = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', inner = '', value = ''] = LINE.exec(line) ?? [];
    if (name === '') continue;
    const labels = Object.fromEntries(
      [...inner.matchAll(LABEL)].map(([, label = '', escaped = '']) => [label, unescaped(escaped)]),
    );
    const sample = { labels, value: toNumber(value) };
    const known = all.get(name);
    if (known === undefined) all.set(name, [sample]);
    else known.push(sample);
  }
  return all;
}

/** The one value of a series without labels; null where there is none. */
export function onlyValue(samples: Samples, name: string): number | null {
  return samples.get(name)?.[0]?.value ?? null;
}

/** Sums by one label, without zeros. */
export function sumsBy(samples: readonly Sample[], label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, value } of samples) {
    const key = labels[label] ?? '';
    if (value > 0) sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return sums;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}

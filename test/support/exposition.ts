/**
 * Reads an exposition for the tests' own questions: which families, which series, what values. It takes both formats
 * and believes what it reads; whether a body is well formed is the judges' business (openmetrics.ts).
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** In ms; undefined without one. */
  readonly at: number | undefined;
}

export interface Exposition {
  readonly samples: readonly Sample[];
  /** Of each family its `# TYPE` lines' types, and likewise HELP: more than one would be a fault. */
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly helps: ReadonlyMap<string, readonly string[]>;
  /** The families in the order of their lines, one entry for each unbroken run. */
  readonly runs: readonly string[];
}

const COMMENT = /^# (TYPE|HELP|UNIT) (\S+) ?(.*)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (\S+))?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export function readExposition(body: string): Exposition {
  const openmetrics = body.endsWith('# EOF\n');
  const samples: Sample[] = [];
  const types = new Map<string, string[]>();
  const helps = new Map<string, string[]>();
  const runs: string[] = [];
  for (const line of body.split('\n')) {
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      const [, word = '', family = '', rest = ''] = comment;
      const kept = word === 'TYPE' ? types : helps;
      if (word !== 'UNIT') kept.set(family, [...(kept.get(family) ?? []), rest]);
      if (runs.at(-1) !== family) runs.push(family);
      continue;
    }
    if (line === '' || line.startsWith('#')) continue;
    samples.push(readSample(line, openmetrics));
  }
  return { samples, types, helps, runs };
}

/** The samples of a name whose labels include these. */
export function pick(
  exposition: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  const wanted = Object.entries(labels);
  return exposition.samples.filter(
    (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
  );
}

function readSample(line: string, openmetrics: boolean): Sample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', labels = '', value = '', at] = match;
  return {
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, key, text]) => [key, unescapeText(text ?? '')]),
    ),
    value: value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value),
    at: at === undefined ? undefined : Math.round(Number(at) * (openmetrics ? 1000 : 1)),
  };
}

function unescapeText(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** Random selectors, as data that an evaluator reads and as text that the parser does. */

import type { Random } from '@tributary/shared/random';

export interface Condition {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

const LABELS = [
  '__name__',
  '__name__',
  'host',
  'instance',
  'job',
  'env',
  'path',
  'le',
  'quantile',
  'exported_host',
];
const MORE_LABELS = [
  'exported_job',
  'exported_exported_job',
  'exported_env',
  'constructor',
  'empty',
  'serial',
  'none',
];
const TEXTS = [
  '',
  'a',
  'b',
  'up',
  'foo_count',
  'bar_bucket',
  'web-1',
  'node',
  '+Inf',
  '0',
  'a "b"\\\n',
  ',path="',
  'é😀',
];
const PATTERNS = [
  '.*',
  '.+',
  'a|b',
  '(a|b|)',
  '(?:node|web-1)',
  'up|foo_.*',
  '.*_(sum|count)',
  'web-[0-9]+',
  '[ab]?',
  'é.',
  '[^a]*',
  'a.*',
  '.*".*',
  '\\+Inf|0\\.5',
];

export function randomConditions(random: Random): Condition[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const label = random.pick(random() < 0.7 ? LABELS : MORE_LABELS);
    const operator = random.pick(['=', '!=', '=~', '!~'] as const);
    return { label, operator, value: random.pick(operator.endsWith('~') ? PATTERNS : TEXTS) };
  });
}

/** @param labels the name under `__name__`. */
export function meets(
  { label, operator, value }: Condition,
  labels: Readonly<Record<string, string>>,
): boolean {
  const actual = (Object.hasOwn(labels, label) ? labels[label] : undefined) ?? '';
  // None of the patterns above means anything else to JavaScript than to RE2.
  const met = operator.endsWith('~') ? new RegExp(`^(?:${value})$`, 'su').test(actual) : actual === value;
  return met !== operator.startsWith('!');
}

/** One of many spellings of the conditions. */
export function asText(conditions: readonly Condition[], random: Random): string {
  const blank = (): string => random.pick(['', '', ' ', '\n\t', ' # },"\n']);
  const named = conditions.find(
    ({ label, operator, value }) => label === '__name__' && operator === '=' && value !== '',
  );
  const inFront = named !== undefined && /^[a-z_]+$/.test(named.value) && random() < 0.5 ? named : undefined;
  const rest = conditions.filter((condition) => condition !== inFront);
  const texts = rest.map(
    ({ label, operator, value }) =>
      `${blank()}${label}${blank()}${operator}${blank()}${quoted(value, random)}${blank()}`,
  );
  const end = texts.length > 0 && random() < 0.3 ? `,${blank()}` : '';
  return `${blank()}${inFront?.value ?? ''}${blank()}{${texts.join(',')}${end}}${blank()}`;
}

function quoted(value: string, random: Random): string {
  if (random() < 0.3) return `\`${value}\``;
  const quote = random.pick(['"', "'"]);
  const escaped = [...value].map((char) => {
    if (char === '\n') return '\\n';
    if (char === quote || char === '\\') return `\\${char}`;
    const code = char.codePointAt(0) ?? 0;
    return random() < 0.1 ? `\\U${code.toString(16).padStart(8, '0')}` : char;
  });
  return quote + escaped.join('') + quote;
}

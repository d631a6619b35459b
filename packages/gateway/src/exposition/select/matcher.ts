/** One condition on one label. */
import { type Pattern, writeLiterals } from './pattern.ts';
import { writeQuoted } from './quoted.ts';

export type Operator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  /** The one spelling of its meaning; null when it is met by everything. */
  readonly text: string | null;
  /** The value that a label must have; null where more than one will do. */
  readonly only: string | null;
  /** Looks that a character of a value takes at most; 0 where it is decided without looking at each. */
  readonly weight: number;
  /** @param value '' where the series has no such label. */
  matches(value: string): boolean;
  /** Lets go of what a regular expression holds; it works on. */
  release(): void;
}

/** `label="value"`. */
export function equalTo(label: string, value: string): Matcher {
  return createMatcher(label, false, { kind: 'values', values: new Set([value]) });
}

/** @param negated whether the label's value must not match the pattern. */
export function createMatcher(label: string, negated: boolean, pattern: Pattern, source = ''): Matcher {
  switch (pattern.kind) {
    case 'any':
      return matcher(label, negated ? `${label}!~".*"` : null, () => !negated);
    case 'some':
      return createMatcher(label, !negated, { kind: 'values', values: new Set(['']) });
    case 'regex': {
      const { regex, weight } = pattern;
      const text = `${label}${negated ? '!~' : '=~'}${writeQuoted(source)}`;
      return {
        ...matcher(label, text, (value) => regex.test(value) !== negated),
        weight,
        release: () => regex.release(),
      };
    }
    case 'values':
      return ofValues(label, negated, pattern.values);
  }
}

function ofValues(label: string, negated: boolean, values: ReadonlySet<string>): Matcher {
  const [first = ''] = values;
  if (values.size > 1) {
    const text = `${label}${negated ? '!~' : '=~'}${writeQuoted(writeLiterals(values))}`;
    return matcher(label, text, (value) => values.has(value) !== negated);
  }
  const text = `${label}${negated ? '!=' : '='}${writeQuoted(first)}`;
  const test = negated ? (value: string) => value !== first : (value: string) => value === first;
  return { ...matcher(label, text, test), only: negated ? null : first };
}

function matcher(label: string, text: string | null, matches: (value: string) => boolean): Matcher {
  return { label, text, only: null, weight: 0, matches, release: () => {} };
}

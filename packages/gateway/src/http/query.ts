/** The query of a request, checked before anything is made of it: a parameter that nobody reads is a mistake of someone. */

import { quote } from '@tributary/shared/names';
import { nearest } from '@tributary/shared/nearest';

/** The query cannot be read. `message` names the parameter and says what would be right. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  /** Read by the error handler of server.ts. */
  readonly statusCode = 400;
}

export class Query {
  readonly #values: URLSearchParams;

  constructor(values: URLSearchParams) {
    this.#values = values;
  }

  get(name: string): string | null {
    return this.#values.get(name);
  }

  getAll(name: string): string[] {
    return this.#values.getAll(name);
  }

  /**
   * @param parse undefined when the text is not right.
   * @returns null where the parameter is not given.
   * @throws QueryError
   */
  read<T>(name: string, parse: (text: string) => T | undefined, remedy: string): T | null {
    const text = this.#values.get(name);
    if (text === null) return null;
    const value = parse(text);
    if (value === undefined) throw new QueryError(`${name} cannot be ${quote(text)}; ${remedy}`);
    return value;
  }
}

/**
 * @param url of the request, as it came: the path and what follows it.
 * @param known parameters.
 * @param repeatable those of them that may stand more than once.
 * @throws QueryError
 */
export function readQuery(url: string, known: readonly string[], repeatable: readonly string[] = []): Query {
  const start = url.indexOf('?');
  const values = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  for (const name of new Set(values.keys())) {
    const times = values.getAll(name).length;
    if (!known.includes(name))
      throw new QueryError(`unknown parameter ${quote(name)}; ${hintOf(name, known)}`);
    if (times > 1 && !repeatable.includes(name))
      throw new QueryError(`${name} is given ${times} times; give it once`);
  }
  return new Query(values);
}

function hintOf(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== undefined) return `did you mean ${near}?`;
  if (known.length === 0) return 'there are none';
  return known.length === 1 ? `there is ${known[0]}` : `there are ${known.join(', ')}`;
}

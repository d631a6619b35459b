export const PROGRAMS: readonly string[];
/** The arguments for `node` that start a program. */
export function nodeArguments(name: string, args: readonly string[]): string[];

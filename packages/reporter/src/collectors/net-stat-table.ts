/** The tables of `/proc/net/stat`: a line of names, then a line a CPU with as many numbers in hexadecimal. */
import { eachLine, FormatError, hexIn, words } from './source.ts';

/** Column → value of each CPU. */
export type NetStatTable = ReadonlyMap<string, readonly number[]>;

export function parseNetStatTable(text: string): NetStatTable {
  let names: string[] | null = null;
  const table = new Map<string, number[]>();
  eachLine(text, (line) => {
    const row = words(line);
    if (names === null) {
      names = row;
      for (const name of row) table.set(name, []);
      return;
    }
    for (const [i, name] of names.entries()) table.get(name)?.push(hexIn(row[i], line));
  });
  if (table.size === 0) throw new FormatError('the line of names is missing');
  return table;
}

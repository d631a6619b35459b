/** The one error of this folder. */
import { quote } from '@tributary/shared/names';

export type SelectionParameter = 'match[]' | 'host' | 'shard';

export interface SelectionFault {
  readonly what: string;
  /** What would be right. */
  readonly remedy: string;
  /** Where in the text, in UTF-16 units from 0; null where it is the text as a whole. */
  readonly offset: number | null;
}

/** A selection that cannot be read, or is too much; asking again without changing it is of no use. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
  readonly parameter: SelectionParameter;
  readonly fault: SelectionFault;

  /** @param text the parameter's value. */
  constructor(parameter: SelectionParameter, text: string, fault: SelectionFault) {
    const { what, remedy, offset } = fault;
    const where = offset === null ? '' : ` at character ${offset + 1}`;
    super(`${parameter} ${quote(text)}: ${what}${where}; ${remedy}`);
    this.parameter = parameter;
    this.fault = fault;
  }
}

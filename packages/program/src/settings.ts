/**
 * A program's options as they are in effect. Some change while it runs; whoever is given `options` keeps it and reads it anew
 * each time.
 */
import { isDeepStrictEqual } from 'node:util';

/** @param changed names of the options that are others now */
type Listener = (changed: readonly string[]) => void;

/** Names of options. */
export interface SettingsChange {
  /** In effect now. */
  readonly changed: readonly string[];
  /** Other than those in effect, and to be had by a restart only. */
  readonly waiting: readonly string[];
}

export class Settings<O extends object> {
  readonly #options: { -readonly [K in keyof O]: O[K] };
  readonly #isLive: (name: string) => boolean;
  readonly #listeners: Listener[] = [];

  /** @param isLive whether an option can change while the program runs */
  constructor(options: O, isLive: (name: string) => boolean) {
    this.#options = { ...options };
    this.#isLive = isLive;
  }

  /** Always the same object. */
  get options(): O {
    return this.#options;
  }

  /** @param listener called when options have changed, in the order of registration. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** The options that have other values there. */
  differences(next: O): (keyof O & string)[] {
    const names = Object.keys(next) as (keyof O & string)[];
    return names.filter((name) => !isDeepStrictEqual(next[name], this.#options[name]));
  }

  /** Puts into effect what can be. */
  apply(next: O): SettingsChange {
    const other = this.differences(next);
    const changed = other.filter((name) => this.#isLive(name));
    for (const name of changed) this.#options[name] = next[name];
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
    return { changed, waiting: other.filter((name) => !this.#isLive(name)) };
  }
}

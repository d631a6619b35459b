/**
 * The gateway's options as they are in effect. Some change while it runs; whoever is given `options` keeps it and reads it
 * anew each time.
 */
import { type GatewayOptions, isLive } from './config.ts';

/** @param changed names of the options that are others now */
type Listener = (changed: readonly string[]) => void;

/** Names of options. */
export interface SettingsChange {
  /** In effect now. */
  readonly changed: readonly string[];
  /** Other than those in effect, and to be had by a restart only. */
  readonly waiting: readonly string[];
}

export class Settings {
  readonly #options: { -readonly [K in keyof GatewayOptions]: GatewayOptions[K] };
  readonly #listeners: Listener[] = [];

  constructor(options: GatewayOptions) {
    this.#options = { ...options };
  }

  /** Always the same object. */
  get options(): GatewayOptions {
    return this.#options;
  }

  /** @param listener called when options have changed, in the order of registration. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** The options that have other values there. */
  differences(next: GatewayOptions): (keyof GatewayOptions)[] {
    const names = Object.keys(next) as (keyof GatewayOptions)[];
    return names.filter((name) => next[name] !== this.#options[name]);
  }

  /** Puts into effect what can be. */
  apply(next: GatewayOptions): SettingsChange {
    const other = this.differences(next);
    const changed = other.filter(isLive);
    Object.assign(this.#options, Object.fromEntries(changed.map((name) => [name, next[name]])));
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
    return { changed, waiting: other.filter((name) => !isLive(name)) };
  }
}

/** Names of block devices by their numbers, which is all that control groups tell of them. */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { isRefusal } from '../sysfs.ts';

/** A host with more has its names looked up each time. */
const NAMES_MAX = 1024;

export class BlockDevices {
  readonly #folder: string;
  #names = new Map<string, string>();

  /** @param sys `/sys` */
  constructor(sys: string) {
    this.#folder = `${sys}/dev/block`;
  }

  /**
   * `8:0` is `/dev/sda`. A device that is not there, or not any more, keeps its number for a name: two of them must not
   * become one series.
   */
  nameOf(number: string): string {
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const name = this.#look(number);
    if (this.#names.size < NAMES_MAX) this.#names.set(number, name);
    return name;
  }

  /** A number may be another device's by now. */
  forget(): void {
    this.#names = new Map();
  }

  #look(number: string): string {
    try {
      // A slash in a device's name is an exclamation mark in `/sys`.
      return `/dev/${basename(readlinkSync(`${this.#folder}/${number}`)).replaceAll('!', '/')}`;
    } catch (error) {
      if (isRefusal(error)) return number;
      throw error;
    }
  }
}

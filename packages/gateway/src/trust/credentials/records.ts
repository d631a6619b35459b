/**
 * The credentials in memory as they stand in the file. What others write is taken over by `poll`; a change of one's own is made on
 * what the file says at that moment, in one commit, and in memory only if that was kept. While the file cannot be read,
 * memory answers.
 */
import { type CredentialChange, changeOf } from './changes.ts';
import { CredentialsBusyError, type CredentialsError, explain } from './credentials-error.ts';
import { CredentialsFile } from './credentials-file.ts';
import { Mirror } from './mirror.ts';
import type { OpenOptions } from './open-file.ts';
import type { CredentialRow, News } from './rows.ts';

/** Another program that holds the file for longer than its commits take is a fault. */
const LOCKED_MS_MAX = 5_000;

export class Records {
  readonly #file: CredentialsFile;
  readonly #now: () => number;
  readonly mirror = new Mirror();
  #onChange: (changes: readonly CredentialChange[]) => void = () => {};
  #fault: string | null = null;
  /** Since when the file has been locked, in ms; null while it is not. */
  #lockedAt: number | null = null;
  /** The file is to be opened anew. */
  #isLost = false;

  private constructor(file: CredentialsFile, now: () => number) {
    this.#file = file;
    this.#now = now;
    this.#catchUp();
  }

  /** @param now in ms. @throws CredentialsError */
  static open(options: OpenOptions, now: () => number): Records {
    const file = CredentialsFile.open(options);
    try {
      return new Records(file, now);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Of the file. */
  get path(): string {
    return this.#file.path;
  }

  get isNew(): boolean {
    return this.#file.isNew;
  }

  /** Why the file cannot be read; null while it can. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Whether `poll` could be of use to a stranger, on whose behalf nothing is tried that fails. */
  get isReadable(): boolean {
    return this.#fault === null && this.#lockedAt === null;
  }

  listen(listener: (changes: readonly CredentialChange[]) => void): void {
    this.#onChange = listener;
  }

  /** @returns whether another process had written. It does not throw; see `fault`. */
  poll(): boolean {
    try {
      if (this.#isLost) this.#file.reopen();
      const isNews = this.#catchUp();
      this.#isLost = false;
      this.#lockedAt = null;
      this.#fault = null;
      return isNews;
    } catch (error) {
      this.#failed(explain(this.path, error));
      return false;
    }
  }

  /** One commit, on the disk at return; within another it becomes part of it. @throws CredentialsError, and what `act` throws */
  write<T>(act: () => T): T {
    if (this.#file.isWriting) return act();
    try {
      const value = this.#file.write(() => {
        this.#catchUp();
        this.mirror.begin();
        return act();
      });
      this.mirror.keep();
      return value;
    } catch (error) {
      this.mirror.undo();
      throw error;
    }
  }

  /** Within `write`, as all that follow. */
  insert(row: CredentialRow): void {
    this.#file.rows.insert(row);
    this.mirror.set(row);
  }

  change(row: CredentialRow): void {
    this.#file.rows.update(row);
    this.mirror.set(row);
  }

  used(id: string, at: number): void {
    this.#file.rows.used(id, at);
    const row = this.mirror.get(id);
    if (row !== undefined) this.mirror.set({ ...row, usedAt: at });
  }

  remove(id: string): void {
    this.#file.rows.delete(id);
    this.mirror.delete(id);
  }

  close(): void {
    this.#file.close();
  }

  #catchUp(): boolean {
    const news = this.#file.news();
    if (news === null) return false;
    const changes = this.#apply(news);
    // Not within a transaction, and not while somebody goes through what has changed.
    queueMicrotask(() => this.#onChange(changes));
    return true;
  }

  #apply({ isWhole, rows, removed }: News): CredentialChange[] {
    const changes: CredentialChange[] = [];
    const add = (change: CredentialChange | null) => void (change !== null && changes.push(change));
    const kept = new Set(isWhole ? rows.map(({ id }) => id) : []);
    const gone = isWhole ? [...this.mirror.ids()].filter((id) => !kept.has(id)) : removed;
    for (const id of gone) {
      add(changeOf(this.mirror.get(id), undefined));
      this.mirror.delete(id);
    }
    for (const row of rows) {
      add(changeOf(this.mirror.get(row.id), row));
      this.mirror.set(row);
    }
    return changes;
  }

  #failed(error: CredentialsError): void {
    if (error instanceof CredentialsBusyError) {
      this.#lockedAt ??= this.#now();
      // Another one's commit takes its time.
      if (this.#fault === null && this.#now() - this.#lockedAt < LOCKED_MS_MAX) return;
    } else this.#isLost = true;
    this.#fault = error.message;
  }
}

/** Whether the medium takes commits, told when that changes. */

export interface ConditionListeners {
  /** Told of each commit that the medium refused, tries again included. */
  readonly onCommitFailed?: () => void;
  /** Told once when the medium begins to refuse commits, with what it says. */
  readonly onFailure?: (message: string) => void;
  /** Told once when it takes them again. */
  readonly onRecovered?: () => void;
}

export class CommitCondition {
  readonly #listeners: ConditionListeners;
  #failure: string | null = null;

  constructor(listeners: ConditionListeners) {
    this.#listeners = listeners;
  }

  /** Null while commits succeed, otherwise what the medium answered. */
  get failure(): string | null {
    return this.#failure;
  }

  /** A commit was refused. */
  suffer(failure: string): void {
    const isNew = this.#failure === null;
    this.#failure = failure;
    this.#listeners.onCommitFailed?.();
    if (isNew) this.#listeners.onFailure?.(failure);
  }

  /** A commit succeeded. */
  recover(): void {
    if (this.#failure === null) return;
    this.#failure = null;
    this.#listeners.onRecovered?.();
  }

  /** There will be no more commits. */
  end(why: string): void {
    this.#failure ??= why;
  }
}

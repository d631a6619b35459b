/**
 * What the systeminformation package knows of this host, asked in a child at a slow pace (../system-child). Collectors that
 * need something of it share the child: starting one costs more than another question.
 */
import { Latest, type Reading } from '../latest.ts';
import type { Answers, AskChild } from '../system-child/ask-child.ts';
import type { Question } from '../system-child/questions.ts';

/** What nothing has checked yet. */
export type FactReader = () => Promise<Reading<unknown>>;

export interface FactsOptions {
  readonly ask: AskChild;
  readonly monotonic: () => number;
  readonly now: () => number;
}

/**
 * Mount tables hardly change, and what does change fast (sizes, free memory) is asked of the system itself. On Windows network
 * counters are as slow as this: each question there starts a PowerShell.
 */
export const FACTS_EVERY_MS = 60_000;
/** A little less, so that each tick of a pace that divides it asks, though timers are never exact. */
const EARLY_MS = 1_000;
const STALE_MS = 5 * FACTS_EVERY_MS;

export class Facts {
  readonly #wanted = new Set<Question>();
  readonly #latest: Latest<Answers>;

  constructor({ ask, monotonic, now }: FactsOptions) {
    this.#latest = new Latest({
      ask: () => ask([...this.#wanted]),
      everyMs: FACTS_EVERY_MS - EARLY_MS,
      staleMs: STALE_MS,
      monotonic,
      now,
    });
  }

  /** From now on `question` is asked as well. The reader fails when it had no answer, or none for five minutes. */
  reader(question: Question): FactReader {
    this.#wanted.add(question);
    return async () => {
      const { value: answers, id, ageMs } = await this.#latest.read();
      const answer = answers.get(question);
      if (answer === undefined) throw new Error(`${question} was not asked`);
      if ('error' in answer) throw new Error(`${question}: ${answer.error}`);
      return { value: answer.value, id, ageMs };
    };
  }
}

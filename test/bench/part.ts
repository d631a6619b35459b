/** What a part of the bench is: figures that it takes in each round, of which the table shows the medians. */

export interface Figure {
  /** In the table and in JSON. */
  readonly name: string;
  readonly unit: string;
  /** What is to be reached; figures of peers have none. */
  readonly reach?: readonly ['<=' | '>=', number];
}

/** By the figures' names; one that could not be taken, as for want of a peer, is left out. */
export type Round = Readonly<Record<string, number>>;

export interface Bench {
  /** An empty folder, removed after the round. */
  folder(): string;
  /** Told to the end of the round, the last first. */
  atEnd(act: () => Promise<unknown> | unknown): void;
  /** A line for whoever watches. */
  say(text: string): void;
}

export interface Part {
  readonly about: string;
  readonly rounds: number;
  readonly figures: readonly Figure[];
  round(bench: Bench): Promise<Round>;
}

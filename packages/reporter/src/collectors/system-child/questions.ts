/** What a child of the reporter is asked: the one language of both ends, ask-child.ts and child.ts. */

/** In the order in which a child answers them. */
export const QUESTIONS = [
  'memory',
  'system',
  'bios',
  'baseboard',
  'cpu',
  'memory_modules',
  'os',
  'network',
  // Last, for these are the likeliest to hang: a dead network mount, a disk that does not answer, a graphics driver.
  'graphics',
  'disks',
  'mounts',
] as const;

export type Question = (typeof QUESTIONS)[number];

export function isQuestion(word: unknown): word is Question {
  return QUESTIONS.some((question) => question === word);
}

/** A child's line that nothing more comes. It waits a little to be ended, and then ends by itself. */
export const DONE_LINE = '{"done":true}';

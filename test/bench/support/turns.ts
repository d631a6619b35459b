/** How long a gateway's event loop was held up, as a probe within it has seen (`turns-probe.mjs`). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from '../part.ts';
import { overlap, type Span } from './clock.ts';
import type { Program } from './program.ts';

export class TurnsProbe {
  readonly #file: string;

  constructor(bench: Bench) {
    this.#file = join(bench.folder(), 'turns.json');
  }

  /** For the `node` that is to be looked at. */
  get nodeArguments(): readonly string[] {
    const module = pathToFileURL(join(import.meta.dirname, 'turns-probe.mjs'));
    module.searchParams.set('file', this.#file);
    return ['--import', module.href];
  }

  /** Turns that took longer than a few ms, since it was started. To be called once. */
  async turnsOf(program: Program): Promise<readonly Span[]> {
    process.kill(program.pid, 'SIGUSR2');
    await program.until('tells its turns', () => existsSync(this.#file));
    const turns = JSON.parse(readFileSync(this.#file, 'utf8')) as readonly (readonly [number, number])[];
    return turns.map(([fromMs, toMs]) => ({ fromMs, toMs }));
  }
}

/** The longest that any of the spans has seen anything of, in ms; 0 where each was too short to be noted. */
export function longestIn(spans: readonly Span[], turns: readonly Span[]): number {
  const seen = turns.filter((turn) => spans.some((span) => overlap(span, turn)));
  return seen.reduce((most, { fromMs, toMs }) => Math.max(most, toMs - fromMs), 0);
}

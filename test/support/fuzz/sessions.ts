/**
 * The sessions that the fuzzer plays: each is what a sound reporter would say, with one thing wrong. The number of a
 * session and the seed decide all of it but the time of day.
 */
import { breakBytes, changeLeaf } from '@tributary/shared/fuzz-test-support';
import { type Random, randomOf } from '@tributary/shared/random';
import { soundFlow } from './flow.ts';
import { forgedFlow } from './forgeries.ts';
import { httpGarbage } from './http-garbage.ts';
import { encodeCompressed, encodeFrame } from './web-socket.ts';
import { WIRE_FAULTS } from './wire-faults.ts';

export interface FuzzPlan {
  readonly port: number;
  readonly seed: number;
  /** Names of hosts that are there and honest; the fuzzer says hello in their names, too. */
  readonly honest: readonly string[];
  /** Sessions that are played at a time. */
  readonly lanes: number;
  /** Frames to send before it ends. */
  readonly frames: number;
}

export type Kind = 'sound' | 'leaf' | 'order' | 'bytes' | 'wire' | 'forged' | 'http';

export interface Session {
  readonly kind: Kind;
  /** What is wrong with it, for counting. */
  readonly what: string;
  readonly host: string;
  readonly compressed: boolean;
  /** What is sent before the welcome. */
  readonly hello: Buffer;
  /** What is sent after it, in so many frames. */
  readonly rest: Buffer;
  readonly frames: number;
  /** Acked when everything was taken, if it can be. */
  readonly lastSeq: number;
  /** Sent in pieces that end anywhere. */
  readonly inPieces: boolean;
}

/** Hosts that a lane speaks for, in turn: the one before need not be gone yet, and none connects more often than hosts may. */
export const HOSTS_PER_LANE = 12;
const ODD_HOSTS = [
  '..',
  '-',
  '_',
  'a.b',
  'x'.repeat(253),
  'constructor',
  '__proto__',
  'NaN',
  '0',
  'HOST',
  'web-1.',
];

export function sessionOf(plan: FuzzPlan, number: number, now: number): Session {
  const random = randomOf(Math.imul(plan.seed, 0x9e3779b9) + number);
  const kind = kindOf(random);
  if (kind === 'http') {
    const hello = httpGarbage(plan.port, random);
    return { ...NOTHING, kind, what: 'http', hello, inPieces: random() < 0.1 };
  }
  const host = hostOf(plan, kind, number, random);
  const compressed = random() < 0.15;
  const sound = kind === 'forged' ? forgedFlow(host, plan.honest, random, now) : soundFlow(host, random, now);
  const encode = (text: string | Buffer) => (compressed ? encodeCompressed : encodeFrame)(Buffer.from(text));
  const at = random.below(sound.frames.length);
  const frames = sound.frames.map(encode);
  const { frame: wrong, what } = wrongFrame(kind, sound.frames, at, random, encode);
  if (wrong !== null) frames[at] = wrong;
  if (kind === 'order') reorder(frames, random);
  if (random() < 0.3)
    frames.push(encode(JSON.stringify({ kind: 'bye', reason: random.pick(['leave', 'x', '']) })));
  const [hello = Buffer.alloc(0), ...rest] = frames;
  return {
    ...{ kind, what, host, compressed, hello, lastSeq: sound.lastSeq, frames: frames.length },
    rest: Buffer.concat(rest),
    inPieces: random() < 0.1,
  };
}

const NOTHING = { host: '', compressed: false, rest: Buffer.alloc(0), frames: 1, lastSeq: 0 };

function kindOf(random: Random): Kind {
  const choice = random();
  if (choice < 0.04) return 'sound';
  if (choice < 0.76) return 'leaf';
  if (choice < 0.81) return 'order';
  if (choice < 0.86) return 'bytes';
  if (choice < 0.91) return 'wire';
  return choice < 0.96 ? 'forged' : 'http';
}

function hostOf({ honest, lanes }: FuzzPlan, kind: Kind, number: number, random: Random): string {
  if (kind !== 'sound' && random() < 0.03) return random.pick(honest);
  if (kind !== 'sound' && random() < 0.03) return random.pick(ODD_HOSTS);
  const lane = number % lanes;
  return `fuzz-${lane}-${Math.floor(number / lanes) % HOSTS_PER_LANE}`;
}

/** What stands in the place of the frame at `at`; null where nothing does. */
function wrongFrame(
  kind: Kind,
  texts: readonly string[],
  at: number,
  random: Random,
  encode: (text: string | Buffer) => Buffer,
): { frame: Buffer | null; what: string } {
  const text = texts[at] ?? '';
  if (kind === 'leaf') {
    const { kind: what } = JSON.parse(text) as { kind: string };
    return { frame: encode(changeLeaf(text, random)), what };
  }
  if (kind === 'bytes') return { frame: encode(breakBytes(text, random.pick(texts), random)), what: 'bytes' };
  if (kind !== 'wire') return { frame: null, what: kind };
  const [what, fault] = random.pick(Object.entries(WIRE_FAULTS));
  return { frame: fault(Buffer.from(text), random), what };
}

/** One frame is sent twice, not at all, or in another's place. */
function reorder(frames: Buffer[], random: Random): void {
  const at = random.below(frames.length);
  const to = random.below(frames.length);
  const frame = frames[at];
  if (frame === undefined) return;
  const choice = random.below(3);
  if (choice === 0) frames.splice(to, 0, frame);
  else if (choice === 1) frames.splice(at, 1);
  else {
    frames.splice(at, 1);
    frames.splice(to, 0, frame);
  }
}

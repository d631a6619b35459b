/** Plays sessions over real sockets, several at a time, and counts what came of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { type FuzzPlan, HOSTS_PER_LANE, type Session, sessionOf } from './sessions.ts';
import { RawSocket, upgradeRequest } from './web-socket.ts';

export interface FuzzCounts {
  readonly sessions: number;
  readonly frames: number;
  /** By kind and what became of it: `acked`, a close code, `silence`, an HTTP status. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What no gateway may do, with the session's number. */
  readonly faults: readonly string[];
}

/** For an answer that may never come. */
const SILENCE_MS = 1000;
/** For one that has to. */
const PATIENCE_MS = 20_000;
const FAULTS_MAX = 20;
/** A lane's, so that none of its hosts says hello more than once a second: beyond that they are refused. */
const SESSION_MS_MIN = 1050 / HOSTS_PER_LANE;

export class Player {
  readonly #plan: FuzzPlan;
  readonly #outcomes = new Map<string, number>();
  readonly #faults: string[] = [];
  #sessions = 0;
  #frames = 0;

  constructor(plan: FuzzPlan) {
    this.#plan = plan;
  }

  get counts(): FuzzCounts {
    const outcomes = Object.fromEntries([...this.#outcomes].sort());
    return { sessions: this.#sessions, frames: this.#frames, outcomes, faults: this.#faults };
  }

  /** Plays until enough frames were sent, or one session alone. */
  async play(only?: number): Promise<void> {
    if (only !== undefined) return await this.#session(only);
    const { lanes, frames } = this.#plan;
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        for (let number = lane; this.#frames < frames; number += lanes)
          await Promise.all([this.#session(number), delay(SESSION_MS_MIN)]);
      }),
    );
  }

  async #session(number: number): Promise<void> {
    const session = sessionOf(this.#plan, number, Date.now());
    const socket = new RawSocket(this.#plan.port);
    let outcome: string;
    try {
      outcome = await (session.kind === 'http' ? this.#ask(socket, session) : this.#speak(socket, session));
    } catch (error) {
      outcome = 'fault';
      if (this.#faults.length < FAULTS_MAX)
        this.#faults.push(`session ${number} (${session.kind}): ${error}`);
    }
    socket.cut();
    this.#sessions++;
    this.#frames += session.frames;
    const key = `${session.kind === 'wire' ? `wire, ${session.what}` : session.kind}: ${outcome}`;
    this.#outcomes.set(key, (this.#outcomes.get(key) ?? 0) + 1);
  }

  async #ask(socket: RawSocket, { hello, inPieces }: Session): Promise<string> {
    await send(socket, hello, inPieces);
    await socket.until(() => socket.status !== 0, SILENCE_MS);
    return String(socket.status);
  }

  async #speak(socket: RawSocket, session: Session): Promise<string> {
    const { hello, rest, compressed, inPieces, kind, lastSeq } = session;
    const silenceMs = kind === 'sound' ? PATIENCE_MS : SILENCE_MS;
    socket.write(upgradeRequest(this.#plan.port, compressed));
    await socket.until(() => socket.status !== 0, PATIENCE_MS);
    if (socket.status !== 101) throw new Error(`the upgrade was answered with ${socket.status}`);
    await send(socket, hello, inPieces);
    await socket.until(() => socket.find('welcome') !== undefined || socket.closeCode !== 0, silenceMs);
    await send(socket, rest, inPieces);
    const heard = await socket.until(() => socket.acked >= lastSeq || socket.closeCode !== 0, silenceMs);
    const { closeCode } = socket;
    const isAcked = socket.acked >= lastSeq;
    // 4001: the connection before this one is still there. 1000 answers a bye that overtook the last ack.
    if (kind === 'sound' && !isAcked && closeCode !== 4001 && closeCode !== 1000) {
      const refuse = JSON.stringify(socket.find('refuse') ?? null);
      throw new Error(`sound, and not acked: ${heard}, close code ${closeCode}, ${refuse}`);
    }
    if (closeCode === 1011) throw new Error('something broke in the gateway (1011)');
    return isAcked ? 'acked' : closeCode !== 0 ? String(closeCode) : heard;
  }
}

async function send(socket: RawSocket, bytes: Buffer, inPieces: boolean): Promise<void> {
  if (!inPieces) return socket.write(bytes);
  const third = Math.ceil(bytes.length / 3);
  for (let at = 0; at < bytes.length; at += third) {
    socket.write(bytes.subarray(at, at + third));
    await new Promise(setImmediate);
  }
}

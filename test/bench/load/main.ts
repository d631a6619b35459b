/**
 * A fleet as cheap as can be: so many connections that say what reporters say, all from one address. Its plan is the first argument;
 * how it stands goes to stdout, a line of JSON each tenth of a second.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '@tributary/shared/backoff';
import { encodeBatchFrame, encodeFrame, encodeShapeBody, encodeShapeFrame } from '@tributary/shared/encode';
import { SUBPROTOCOL } from '@tributary/shared/frames';
import { WebSocket } from 'ws';
import { monotonicMs } from '../support/clock.ts';
import { Bodies } from './bodies.ts';
import type { Ack, LoadPlan, Told } from './plan.ts';
import { ReadyFrames } from './ready-frames.ts';
import { template } from './template.ts';

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
const TELL_MS = 100;
const STEP_MS = 10_000;
const CONNECTING_MAX = 200;
/** As reporters come again (docs/PROTOCOL.md); all at once and ever anew, they would keep each other out. */
const BACKOFF = { initialMs: 500, maxMs: 15_000, random: Math.random };

const groups = template(plan.series);
const shapes = groups.map(({ shape }, i) => encodeShapeFrame(i + 1, encodeShapeBody(shape)));
const bodies = new Bodies(groups, plan.hosts);
const ready = plan.deflate === 'ready' ? new ReadyFrames(groups) : null;

const counts = { connected: 0, acked: 0, sampled: 0 };
let acks: Ack[] = [];
const beganMs = monotonicMs();

const told = new Set<string>();

/** What all of a fleet are told stands there once. */
function tellOnce(host: string, text: string): void {
  if (told.has(text)) return;
  told.add(text);
  process.stderr.write(`${host} and maybe others: ${text}\n`);
}

/** Digits that nobody needs would make its lines twice as long. */
const rounded = (ms: number) => Math.round(ms * 100) / 100;

interface Batch {
  readonly seq: number;
  readonly at: number;
  /** When it was sampled, on the clock that all processes share. */
  readonly sampledMs: number;
}

/**
 * Hosts of a fleet come from many addresses. Of one, a gateway lets so many connections wait that have not said who they are
 * (docs/LIMITS.md), and here nobody has a token.
 */
function addressOf(index: number): string {
  return `127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
}

class Host {
  readonly #index: number;
  readonly #name: string;
  readonly #epoch = randomUUID();
  /** What is not acked, the oldest first. */
  #open: Batch[] = [];
  #socket: WebSocket | null = null;
  /** Beneath it, for frames that are ready. */
  #raw: Socket | null = null;
  /** The last batch that went over this connection. */
  #sent: number | null = null;
  #isOpen = false;
  /** The next batch, and the last one that was acked. */
  #next = 1;
  #acked = 0;
  /** Of batch 0. */
  #begin: number;
  #onSettled: (() => void) | null = null;
  readonly #backoff = new Backoff(BACKOFF);

  constructor(index: number) {
    this.#index = index;
    this.#name = `bench-${index}`;
    this.#begin = plan.pace.kind === 'flood' ? Date.now() - plan.pace.agoMs : 0;
  }

  /** Resolves when it was welcomed, or has to try again. */
  async connect(): Promise<void> {
    const socket = new WebSocket(`${plan.url.replace('http', 'ws')}/v1/stream`, SUBPROTOCOL, {
      localAddress: addressOf(this.#index),
      perMessageDeflate:
        plan.deflate === 'no'
          ? false
          : { threshold: 0, serverNoContextTakeover: true, clientMaxWindowBits: 15 },
    });
    this.#socket = socket;
    this.#sent = null;
    socket.on('upgrade', (response) => (this.#raw = response.socket));
    socket.on('open', () => {
      if (plan.deflate !== 'no' && socket.extensions === '') throw new Error('frames may not be compressed');
      this.#hello();
    });
    socket.on('message', (data) => this.#heard(JSON.parse(String(data))));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#isOpen) counts.connected--;
      this.#isOpen = false;
      this.#onSettled?.();
      setTimeout(() => void this.connect(), this.#backoff.next());
    });
    await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  /** One batch now. */
  tick(): void {
    const seq = this.#next++;
    const at = plan.pace.kind === 'flood' ? this.#begin + seq * STEP_MS : Date.now();
    const batch = { seq, at, sampledMs: rounded(monotonicMs()) };
    this.#open.push(batch);
    counts.sampled += plan.series;
    if (this.#isOpen) this.#send(batch);
  }

  #send({ seq, at }: Batch): void {
    if (ready === null) this.#socket?.send(encodeBatchFrame(seq, at, bodies.of(this.#index, seq)));
    else this.#raw?.write(ready.batch(this.#index, seq, at, this.#sent === seq - 1));
    this.#sent = seq;
  }

  #sendShapes(): void {
    if (ready === null) for (const shape of shapes) this.#socket?.send(shape);
    else for (const shape of ready.shapes) this.#raw?.write(shape);
  }

  #hello(): void {
    this.#socket?.send(
      encodeFrame({
        kind: 'hello',
        host: this.#name,
        epoch: this.#epoch,
        run: this.#epoch,
        oldest: this.#acked + 1,
        acked: this.#acked,
        delivered: 0,
        next: this.#next,
        clock: Date.now(),
        gaps: [],
        agent: 'bench',
        os: 'linux',
      }),
      // A compressor of its own would know nothing of the frames that are ready.
      { compress: ready === null },
    );
  }

  #heard(frame: { kind: string; next?: number; seq?: number; code?: string; message?: string }): void {
    if (frame.kind === 'welcome') {
      this.#settle((frame.next ?? 1) - 1);
      this.#isOpen = true;
      this.#backoff.reset();
      counts.connected++;
      this.#sendShapes();
      for (const batch of this.#open) this.#send(batch);
      this.#onSettled?.();
      this.#fill();
    } else if (frame.kind === 'ack') {
      this.#settle(frame.seq ?? 0);
      this.#fill();
    } else if (frame.kind === 'refuse' || frame.kind === 'reject') {
      tellOnce(this.#name, `${frame.code} ${frame.message}`);
    }
  }

  /** Everything up to `seq` is with the gateway. */
  #settle(seq: number): void {
    const ackedMs = rounded(monotonicMs());
    const count = seq - this.#acked;
    if (count < 0) throw new Error(`${this.#name}: the gateway has lost what it had acked`);
    for (const { sampledMs } of this.#open.splice(0, count)) acks.push([sampledMs, ackedMs]);
    this.#acked = seq;
    counts.acked += count * plan.series;
  }

  #fill(): void {
    if (plan.pace.kind !== 'flood') return;
    const { window, ticks = Number.POSITIVE_INFINITY } = plan.pace;
    while (this.#next - this.#acked <= window && this.#next <= ticks) this.tick();
  }
}

function tell(): void {
  const told: Told = { ...counts, acks, sinceMs: monotonicMs() - beganMs };
  acks = [];
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

/** All ticks of all hosts, spread evenly. */
async function keepTime(hosts: readonly Host[], intervalMs: number, ticks: number): Promise<void> {
  const startedMs = monotonicMs();
  for (let done = 0; done < ticks * hosts.length; ) {
    const due = Math.min(ticks * hosts.length, ((monotonicMs() - startedMs) / intervalMs) * hosts.length);
    for (; done < due; done++) hosts[done % hosts.length]?.tick();
    await delay(5);
  }
}

const hosts = Array.from({ length: plan.hosts }, (_, i) => new Host(i + 1));
setInterval(tell, TELL_MS);
process.on('SIGTERM', () => process.exit(0));
for (let i = 0; i < hosts.length; i += CONNECTING_MAX)
  await Promise.all(hosts.slice(i, i + CONNECTING_MAX).map((host) => host.connect()));
if (plan.pace.kind === 'steady') await keepTime(hosts, plan.pace.intervalMs, plan.pace.ticks);

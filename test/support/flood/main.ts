/** The attackers' process. It gives way to everybody else on the processor, as attackers elsewhere would have to. */
import { setPriority } from 'node:os';
import type { AttackCounts, AttackName, AttackPlan } from './attack.ts';
import { labels } from './labels.ts';
import { bombs, garbage } from './loud.ts';
import { slow } from './slow.ts';

const NICE = 10;

// Written by Attackers, which shares the type.
const plan = JSON.parse(process.argv[2] ?? '') as AttackPlan;
const { port } = plan;
const controller = new AbortController();
const { signal } = controller;
const counts: Partial<Record<AttackName, AttackCounts>> = {};

const RUN: Readonly<Record<AttackName, (counts: AttackCounts) => Promise<void>>> = {
  slow: (own) => slow(port, plan.slow, own, signal),
  garbage: (own) => garbage(port, plan.garbage, own, signal),
  bombs: (own) => bombs(port, plan.bombs, own, signal),
  labels: (own) => labels(port, plan.values, own, signal),
};

setPriority(NICE);
const running = plan.attacks.map((name) => {
  const own = { connections: 0, bytes: 0, values: 0 };
  counts[name] = own;
  return RUN[name](own);
});
process.stdout.write('attacking\n');
const timer = setInterval(() => process.stdout.write(`at ${JSON.stringify(counts)}\n`), 500);
process.stdin.resume();
process.stdin.once('end', () => controller.abort());
process.stdin.once('data', () => controller.abort());
signal.addEventListener('abort', () => {
  clearInterval(timer);
  process.stdout.write(`done ${JSON.stringify(counts)}\n`);
  process.exit(0);
});
await Promise.all(running);

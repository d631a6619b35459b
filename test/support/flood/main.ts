/** The attackers' process, which attacks until it is killed. It gives way to everybody else on the processor, as attackers elsewhere would have to. */
import { setPriority } from 'node:os';
import type { AttackCounts, AttackName, AttackPlan } from './attack.ts';
import { labels } from './labels.ts';
import { bombs, garbage } from './loud.ts';
import { slow } from './slow.ts';

const NICE = 10;
const TELL_MS = 250;

// Written by Attackers, which shares the type.
const plan = JSON.parse(process.argv[2] ?? '') as AttackPlan;
const { port } = plan;
const counts: Partial<Record<AttackName, AttackCounts>> = {};

const RUN: Readonly<Record<AttackName, (counts: AttackCounts) => Promise<void>>> = {
  slow: (own) => slow(port, plan.slow, own),
  garbage: (own) => garbage(port, plan.garbage, own),
  bombs: (own) => bombs(port, plan.bombs, own),
  labels: (own) => labels(port, plan.values, own),
};

setPriority(NICE);
const running = plan.attacks.map((name) => {
  const own = { connections: 0, bytes: 0, values: 0 };
  counts[name] = own;
  return RUN[name](own);
});
process.stdout.write('attacking\n');
setInterval(() => process.stdout.write(`at ${JSON.stringify(counts)}\n`), TELL_MS);
await Promise.all(running);

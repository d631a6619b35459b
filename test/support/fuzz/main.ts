/** The fuzzer's process: its plan is the first argument; it tells how it stands each second, and ends when it is done. */
import { Player } from './player.ts';
import type { FuzzPlan } from './sessions.ts';

// Written by Fuzzer, which shares the type.
const plan = JSON.parse(process.argv[2] ?? '') as FuzzPlan;
const player = new Player(plan);
const tell = (what: string) => process.stdout.write(`${what} ${JSON.stringify(player.counts)}\n`);
const timer = setInterval(() => tell('at'), 1000);
const startedAt = performance.now();
await player.play();
clearInterval(timer);
const cpu = process.cpuUsage();
const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
process.stdout.write(`took ${seconds} s, CPU ${Math.round((cpu.user + cpu.system) / 100_000) / 10} s\n`);
tell('done');

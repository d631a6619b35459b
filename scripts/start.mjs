/**
 * `npm start`: a gateway and a reporter for this very machine, with the defaults that they have built in.
 *
 * The gateway starts first; its one line on stdout names the address that the reporter then gets. Both inherit the
 * environment, so TRIBUTARY_GATEWAY_… and TRIBUTARY_REPORTER_… set whatever the flags would. Stopping goes the other
 * way round, the reporter first, so that its last batch is acked.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ensureInstalled, runScript, SetupError } from './ensure-installed.mjs';
import { nodeArguments } from './program.mjs';

const LISTENING_MS_MAX = 60_000;
/** A reporter that does not end keeps the gateway from stopping no longer than this. */
const GATEWAY_AFTER_MS = 2000;
/** Inside the 5 s that people are promised. */
const KILL_AFTER_MS = 4500;
const PARENT_EVERY_MS = 500;

async function main() {
  if (process.argv.length > 2) {
    throw new SetupError(
      `npm start takes no arguments (${process.argv[2]}): set TRIBUTARY_GATEWAY_… and TRIBUTARY_REPORTER_… instead`,
    );
  }
  return await new Supervisor(await ensureInstalled({ build: true })).run();
}

/** Runs both programs until one fails or a signal asks to stop. */
class Supervisor {
  #node;
  #running = new Map();
  #stopping = false;
  #exitCode = 0;
  #timers = [];
  #watch;
  #finished;

  constructor(node) {
    this.#node = node;
  }

  /** Resolves with the exit code once both programs have ended. */
  run() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => this.#stop());
    // npm passes on SIGINT and SIGTERM, and ends by others without a word to what it started.
    const parent = process.ppid;
    this.#watch = setInterval(() => process.ppid !== parent && this.#stop(), PARENT_EVERY_MS);
    this.#after(LISTENING_MS_MAX, () => {
      if (!this.#running.has('reporter'))
        this.#fail(`the gateway was not listening after ${LISTENING_MS_MAX / 1000} s`);
    });
    this.#launch('gateway', ['serve'], (line) => {
      const url = /^listening on (https?:\/\/\S+)$/.exec(line)?.[1];
      if (url === undefined || this.#stopping || this.#running.has('reporter')) return;
      process.stdout.write(whereToLook(url));
      this.#launch('reporter', ['run', ...gatewayUrlFlag(url)]);
    });
    return new Promise((resolve) => {
      this.#finished = resolve;
    });
  }

  #launch(name, args, onLine = () => {}) {
    const child = spawn(this.#node, nodeArguments(name, args), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#running.set(name, child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      process.stdout.write(`${line}\n`);
      onLine(line);
    });
    // A program that could not be started tells `error`, one that could tells `close`; some Nodes tell both.
    child.once('error', (error) => this.#ended(name, `cannot be started: ${error.message}`, false));
    child.once('close', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      // Ctrl-C may come before a program minds it; that is as clean as any.
      this.#ended(name, how, code === 0 || signal === 'SIGINT' || signal === 'SIGTERM');
    });
  }

  #ended(name, how, clean) {
    if (!this.#running.delete(name)) return;
    if (!clean || !this.#stopping) this.#fail(`the ${name} ${how}`);
    this.#stopNext();
  }

  #fail(text) {
    this.#exitCode = 1;
    process.stderr.write(`tributary: ${text}${this.#stopping ? '' : '; stopping'}\n`);
    this.#stop();
  }

  #stop() {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#after(GATEWAY_AFTER_MS, () => this.#running.get('gateway')?.kill('SIGTERM'));
    this.#after(KILL_AFTER_MS, () => {
      for (const child of this.#running.values()) child.kill('SIGKILL');
    });
    this.#stopNext();
  }

  /** The next step of stopping: whichever still runs, the reporter before the gateway. */
  #stopNext() {
    if (!this.#stopping) return;
    const next = this.#running.get('reporter') ?? this.#running.get('gateway');
    if (next !== undefined) {
      next.kill('SIGTERM');
      return;
    }
    for (const timer of this.#timers) clearTimeout(timer);
    clearInterval(this.#watch);
    this.#finished(this.#exitCode);
  }

  #after(ms, action) {
    this.#timers.push(setTimeout(action, ms));
  }
}

function gatewayUrlFlag(url) {
  if (process.env.TRIBUTARY_REPORTER_GATEWAY_URL) return [];
  return ['--gateway.url', `${reachable(url).replace(/^http/, 'ws')}/v1/stream`];
}

/** An address that listens everywhere is reached by way of this machine's own. */
function reachable(url) {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function whereToLook(listening) {
  const url = reachable(listening);
  const { protocol, host } = new URL(url);
  return `
  metrics   ${url}/metrics
  ready     ${url}/-/ready
  hosts     ${url}/api/v1/hosts

A scrape config to paste into prometheus.yml:

scrape_configs:
  - job_name: tributary
    honor_labels: true
    scrape_interval: 15s
${protocol === 'https:' ? '    scheme: https\n' : ''}    params: {scraper: ['prometheus']}
    static_configs:
      - targets: ['${host}']

Ctrl-C stops both.

`;
}

await runScript(main);

/**
 * A real node_exporter on loopback. It is started without a test's context, because `npm run compare` and the bench run it
 * too; whoever starts it disposes of it, and the end of this process does so in any case.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { within } from './eventually.ts';
import { pathOf } from './peers.ts';

const START_MS_MAX = 20_000;
/** As its log has it, in Go's logfmt: `msg="Listening on" address=127.0.0.1:41234`. */
const LISTENING = /msg="Listening on" address=(\S+)/;

export class NodeExporter implements AsyncDisposable {
  readonly pid: number;
  readonly #url: string;
  readonly #process: ChildProcessByStdio<null, null, Readable>;

  private constructor(child: ChildProcessByStdio<null, null, Readable>, pid: number, address: string) {
    this.#process = child;
    this.pid = pid;
    this.#url = `http://${address}/metrics`;
  }

  /** @param args its flags, but for the address. */
  static async start(args: readonly string[]): Promise<NodeExporter> {
    const child = spawn(pathOf('NODE_EXPORTER'), ['--web.listen-address=127.0.0.1:0', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const said: string[] = [];
    const address = await within(
      START_MS_MAX,
      'node_exporter listens',
      new Promise<string>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) =>
          reject(new Error(`node_exporter ended with ${code}: ${said.join('\n')}`)),
        );
        // Read to the end, also once it listens: a full pipe would stop it.
        createInterface({ input: child.stderr }).on('line', (line) => {
          if (said.length < 100) said.push(line);
          const [, found] = LISTENING.exec(line) ?? [];
          if (found !== undefined) resolve(found);
        });
      }),
    );
    const { pid } = child;
    if (pid === undefined) throw new Error('node_exporter has no process');
    return new NodeExporter(child, pid, address);
  }

  /** One exposition, in the text format 0.0.4. */
  async scrape(): Promise<string> {
    const response = await fetch(this.#url, { headers: { accept: 'text/plain;version=0.0.4' } });
    const text = await response.text();
    // It answers 500 when two of its collectors tell one series.
    if (!response.ok) throw new Error(`node_exporter answers ${response.status}: ${text.slice(0, 500)}`);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

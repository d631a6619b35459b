/**
 * For programs that measure themselves with prom-client: registers their registries and pushes what these show to the
 * reporter on the same host (`--push.listen-address`), or to a Pushgateway. Modules register their own without knowing
 * each other.
 *
 * It never fails the program that it reports for: only `register` throws, at once, for what is a mistake in the program.
 * Everything else is told to `onError`, once until it changes or is over, while the pause between pushes grows.
 */
import { Backoff } from './backoff.ts';

/** What is needed of a prom-client `Registry`; anything else that shows the text format 0.0.4 will do. */
export interface ReportedRegistry {
  metrics(): Promise<string>;
  readonly contentType: string;
  /** With it, two registries with a metric in common are found when they are registered. */
  getMetricsAsArray?(): readonly { readonly name: string }[];
}

export interface ReportingOptions {
  /** `http://127.0.0.1:9091`. */
  readonly url: string;
  readonly job: string;
  /** Tells several processes of one job on a host apart; with one there is no need. */
  readonly instance?: string;
  /** How often to push; 15 s unless given. */
  readonly intervalMs?: number;
  /** How long one push may take, the program's own collecting included; 5 s unless given. */
  readonly timeoutMs?: number;
  /** In place of the global one. */
  readonly fetch?: (url: string, init: ReportingRequest) => Promise<ReportingResponse>;
  /** In place of a warning on the console. */
  readonly onError?: (error: Error) => void;
  /** Uniform in [0, 1); in place of `Math.random`. */
  readonly random?: () => number;
}

export interface ReportingRequest {
  readonly method: 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface ReportingResponse {
  readonly ok: boolean;
  readonly status: number;
  text(): Promise<string>;
}

export interface Reporting {
  /**
   * Adds a registry under a name of the caller's choice.
   * @throws Error when the name is taken, a metric of it is another registry's too, or it shows OpenMetrics.
   */
  register(name: string, registry: ReportedRegistry): void;
  /** Pushes from now on, at once and then at each interval. Keeps no process alive. */
  start(): void;
  /** Pushes once more, and no longer; with `forget` the series go instead, as if they had never been. Never fails. */
  stop(options?: { readonly forget?: boolean }): Promise<void>;
}

const INTERVAL_MS = 15_000;
const TIMEOUT_MS = 5_000;
/** Failures make the pause longer up to this. */
const PAUSE_MS_MAX = 5 * 60_000;
const MESSAGE_CHARS_MAX = 500;
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** @throws Error when the URL or the job cannot be used. Starts nothing. */
export function createReporting(options: ReportingOptions): Reporting {
  const pusher = new Pusher(options);
  // Plain functions, which can be handed to modules by themselves.
  return {
    register: (name, registry) => pusher.register(name, registry),
    start: () => pusher.start(),
    stop: (how) => pusher.stop(how),
  };
}

class Pusher implements Reporting {
  readonly #options: ReportingOptions;
  readonly #url: string;
  readonly #intervalMs: number;
  readonly #backoff: Backoff;
  readonly #registries = new Map<string, ReportedRegistry>();
  /** Those that were asked and have not answered yet. */
  readonly #asked = new Set<ReportedRegistry>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #pushing: Promise<void> = Promise.resolve();
  #isRunning = false;
  #told = '';

  constructor(options: ReportingOptions) {
    this.#options = options;
    this.#url = groupUrl(options);
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#backoff = new Backoff({
      initialMs: this.#intervalMs,
      maxMs: PAUSE_MS_MAX,
      random: options.random ?? Math.random,
    });
  }

  register(name: string, registry: ReportedRegistry): void {
    if (this.#registries.has(name)) throw new Error(`a registry named ${name} is registered already`);
    if (isOpenMetrics(registry)) {
      const hint = 'give it the content type of the text format, Registry.PROMETHEUS_CONTENT_TYPE';
      throw new Error(`the registry ${name} shows OpenMetrics, which cannot be pushed; ${hint}`);
    }
    const own = new Set(namesOf(registry));
    for (const [other, known] of this.#registries) {
      if (known === registry) throw new Error(`the registry ${name} is registered already, as ${other}`);
      const shared = namesOf(known).find((metric) => own.has(metric));
      if (shared !== undefined)
        throw new Error(`the metric ${shared} is in two registries, ${other} and ${name}`);
    }
    this.#registries.set(name, registry);
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#plan(0);
  }

  async stop({ forget = false }: { readonly forget?: boolean } = {}): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#pushing;
    await this.#attempt(() => (forget ? this.#send({ method: 'DELETE' }) : this.#push()));
  }

  #plan(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      this.#pushing = this.#turn();
    }, pauseMs);
    // Not in a browser's, where it is a number.
    const timer: unknown = this.#timer;
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
      timer.unref();
  }

  async #turn(): Promise<void> {
    const isWell = await this.#attempt(() => this.#push());
    if (isWell) this.#backoff.reset();
    const extraMs = isWell ? 0 : this.#backoff.next();
    if (this.#isRunning) this.#plan(this.#intervalMs + extraMs);
  }

  /**
   * @param act may tell of something that is wrong although it was done.
   * @returns whether it was done.
   */
  async #attempt(act: () => Promise<Error | null>): Promise<boolean> {
    try {
      const fault = await act();
      if (fault === null) this.#told = '';
      else this.#tell(fault);
      return true;
    } catch (error) {
      this.#tell(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  async #push(): Promise<Error | null> {
    const { texts, fault } = await this.#collect();
    // A push without anything would take away what the one before brought.
    if (texts.length === 0 && fault !== null) throw fault;
    await this.#send({ method: 'PUT', headers: { 'content-type': TEXT_FORMAT }, body: texts.join('') });
    return fault;
  }

  /**
   * What every registry shows. One that fails or hangs costs its own metrics only. Metrics may be added to a registry
   * later on, and so be in two after all: then those of the first are pushed.
   * @returns also the first thing that went wrong.
   */
  async #collect(): Promise<{ texts: readonly string[]; fault: Error | null }> {
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const names = [...this.#registries.keys()];
    const shown = await Promise.allSettled(
      [...this.#registries.values()].map((registry) => this.#ask(registry, timeoutMs)),
    );
    const owners = new Map<string, string>();
    const texts: string[] = [];
    let fault: Error | null = null;
    for (const [i, outcome] of shown.entries()) {
      const name = names[i] ?? '';
      if (outcome.status === 'rejected') {
        fault ??= new Error(`the registry ${name} shows nothing: ${messageOf(outcome.reason)}`);
        continue;
      }
      const text = outcome.value;
      const metrics = metricsIn(text);
      const shared = metrics.find((metric) => owners.has(metric));
      if (shared === undefined) {
        for (const metric of metrics) owners.set(metric, name);
        texts.push(text.endsWith('\n') ? text : `${text}\n`);
      } else {
        const what = `the metric ${shared} is in two registries, ${owners.get(shared)} and ${name}`;
        fault ??= new Error(`${what}; what ${name} holds is not pushed`);
      }
    }
    return { texts, fault };
  }

  /** One that hangs is not asked again: its calls would pile up. */
  async #ask(registry: ReportedRegistry, timeoutMs: number): Promise<string> {
    if (this.#asked.has(registry)) throw tooLate(timeoutMs);
    this.#asked.add(registry);
    const answer = (async () => {
      try {
        return await registry.metrics();
      } finally {
        this.#asked.delete(registry);
      }
    })();
    return inTime(timeoutMs, answer);
  }

  /** @returns null; nothing else can be wrong with it. */
  async #send(request: Omit<ReportingRequest, 'signal'>): Promise<null> {
    const send = this.#options.fetch ?? fetch;
    const signal = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS);
    const response = await send(this.#url, { ...request, signal });
    const text = await response.text();
    if (response.ok) return null;
    throw new Error(`${response.status}: ${text.trim().slice(0, MESSAGE_CHARS_MAX)}`);
  }

  #tell(cause: Error): void {
    // `fetch failed` says little; why, its cause does.
    const why = cause.cause instanceof Error ? cause.cause.message : '';
    const error = why === '' ? cause : new Error(`${cause.message}: ${why}`, { cause });
    if (error.message === this.#told) return;
    this.#told = error.message;
    const { onError, job } = this.#options;
    try {
      if (onError !== undefined) onError(error);
      else console.warn(`metrics of ${job} cannot be pushed to ${this.#url}: ${error.message}`);
    } catch {
      // Whoever listens for errors has one of its own, which is not to reach the program either.
    }
  }
}

function groupUrl({ url, job, instance }: ReportingOptions): string {
  const base = URL.parse(url);
  // Before the text is shown to anybody. There is no credential to give: the reporter is asked on loopback only.
  if (base !== null && (base.username !== '' || base.password !== ''))
    throw new Error('a URL must not carry credentials; they would not be sent');
  if (base === null || !/^https?:$/.test(base.protocol)) throw new Error(`${url} is no http:// URL`);
  if (job === '') throw new Error('a job is needed');
  const path = `/metrics/${part('job', job)}${instance === undefined ? '' : `/${part('instance', instance)}`}`;
  return base.origin + base.pathname.replace(/\/+$/, '') + path;
}

/** A name and its value. What a path could not carry as it stands goes in base64 (RFC 4648, for URLs). */
function part(name: string, value: string): string {
  if (/^[\w.:@-]+$/.test(value) && !/^\.+$/.test(value)) return `${name}/${encodeURIComponent(value)}`;
  const bytes = String.fromCharCode(...new TextEncoder().encode(value));
  // A value that is empty has to be something, all the same.
  const digits = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') || '=';
  return `${name}@base64/${digits}`;
}

function isOpenMetrics({ contentType }: ReportedRegistry): boolean {
  return /openmetrics/i.test(contentType);
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function namesOf(registry: ReportedRegistry): readonly string[] {
  return registry.getMetricsAsArray?.().map(({ name }) => name) ?? [];
}

/** The names of the text's metrics, each once. */
function metricsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name))];
}

function tooLate(timeoutMs: number): Error {
  return new Error(`the metrics were not collected within ${timeoutMs} ms`);
}

async function inTime<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

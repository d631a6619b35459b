/** What the doctor found, for people and for programs. */
import { printable } from '@tributary/shared/names';
import type { Finding, Severity } from './finding.ts';
import type { GatewayFacts } from './gateway-facts.ts';
import type { GatewayJob } from './jobs.ts';
import type { PrometheusFacts } from './prometheus-facts.ts';
import { count, names, said } from './words.ts';

export interface Report {
  readonly gateway: GatewayFacts;
  /** Where Prometheus is; null where none was named. */
  readonly prometheusUrl: URL | null;
  readonly prometheus: PrometheusFacts | null;
  readonly jobs: readonly GatewayJob[];
  /** The worst first. */
  readonly findings: readonly Finding[];
}

export interface Style {
  readonly colours: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

const COLOURS: Readonly<Record<Severity, number>> = { error: 31, warning: 33, note: 36 };
const INDENT = '         ';

export function renderText(report: Report, { colours, width }: Style): string {
  const paint = (code: number, text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  // Names of hosts, jobs and scrapers are others' words: a terminal must not obey them.
  const blocks = report.findings.map(({ code, severity, what, means, change }) =>
    [
      `${paint(COLOURS[severity], severity.padEnd(INDENT.length - 1))} ${paint(1, code)}`,
      ...wrap(printable(`${what} ${means}`), width - INDENT.length).map((line) => INDENT + line),
      `${INDENT}${printable(change.where)}:`,
      ...change.lines.map((line) => `${INDENT}  ${paint(32, printable(line))}`),
    ].join('\n'),
  );
  const { error, warning, note } = counts(report.findings);
  const sum = `${count(error, 'error')}, ${count(warning, 'warning')}, ${count(note, 'note')}`;
  const verdict = error + warning === 0 ? `Nothing is wrong (${count(note, 'note')}).` : `${sum}.`;
  return `${[heads(report).join('\n'), ...blocks, verdict].join('\n\n')}\n`;
}

function heads({ gateway, prometheusUrl, prometheus, jobs }: Report): string[] {
  const { url, version, ready, hosts } = gateway;
  const up = hosts.filter((host) => host.up).length;
  const lines = [
    `gateway     ${url.origin}  ${said(version)}, ${ready ? 'ready' : 'not ready'}, ${up} of ${count(hosts.length, 'host')} up`,
  ];
  if (prometheusUrl === null) return [...lines, 'prometheus  not looked at; --prometheus.url URL names it'];
  const what =
    prometheus === null
      ? 'cannot be looked at'
      : `${said(prometheus.version)}, ${jobs.length === 0 ? 'no job of this gateway' : `${jobs.length === 1 ? 'job' : 'jobs'} ${names(jobs.map(({ name }) => said(name)))}`}`;
  return [...lines, `prometheus  ${prometheusUrl.origin}  ${what}`];
}

export function renderJson(report: Report): string {
  const { gateway, prometheusUrl, prometheus, jobs, findings } = report;
  const answer = {
    gateway: { url: gateway.url.href, version: gateway.version, ready: gateway.ready },
    prometheus:
      prometheusUrl === null
        ? null
        : {
            url: prometheusUrl.href,
            version: prometheus?.version ?? null,
            jobs: jobs.map(({ name }) => name),
          },
    counts: counts(findings),
    findings,
  };
  return `${JSON.stringify(answer, null, 2)}\n`;
}

function counts(findings: readonly Finding[]): Record<Severity, number> {
  const of = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  return { error: of('error'), warning: of('warning'), note: of('note') };
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Two judges of an exposition that are not ours: Python's strict OpenMetrics parser and `promtool check metrics`. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { cleanEnv } from './child.ts';
import { pathOf } from './peers.ts';

/** Debian's, whose Python version the unpacked module fits; one from elsewhere on the PATH may be any. */
export const PYTHON = '/usr/bin/python3';

const STRICT_PARSER = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
body = sys.stdin.buffer.read().decode('utf-8')
try:
    families = list(text_string_to_metric_families(body))
except ValueError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
print(len(families))
`;

export type Verdict =
  | { readonly ok: true; readonly families: number }
  | { readonly ok: false; readonly error: string };

/** Reads an OpenMetrics body with prometheus_client's parser, which holds to the specification where Prometheus forgives. */
export async function strictParse(body: string): Promise<Verdict> {
  const { code, stdout, stderr } = await filter(PYTHON, ['-c', STRICT_PARSER], body, {
    PYTHONPATH: pathOf('PYTHON_PROMETHEUS_CLIENT'),
  });
  if (code === 0) return { ok: true, families: Number(stdout) };
  if (code === 1 && !stderr.includes('Traceback')) return { ok: false, error: stderr.trim() };
  throw new Error(`${PYTHON} could not run the strict parser (exit ${code}): ${stderr}`);
}

export interface MetricsCheck {
  /** What makes the body unreadable; empty if it is readable. */
  readonly errors: readonly string[];
  /** Remarks on names and help texts. Many of node_exporter's own names earn some. */
  readonly lint: readonly { readonly metric: string; readonly remark: string }[];
}

/** Judges a body of text format 0.0.4. */
export async function promtoolCheck(body: string): Promise<MetricsCheck> {
  const { code, stderr } = await filter(pathOf('PROMTOOL'), ['check', 'metrics'], body);
  const lines = stderr.split('\n').filter((line) => line !== '');
  // Exit code 3 stands for remarks alone, 1 for a body that cannot be read.
  if (code !== 0 && code !== 3) return { errors: lines, lint: [] };
  const lint = lines.map((line) => {
    const at = line.indexOf(' ');
    return { metric: line.slice(0, at), remark: line.slice(at + 1) };
  });
  return { errors: [], lint };
}

interface Filtered {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function filter(
  command: string,
  args: readonly string[],
  input: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Filtered> {
  const child = spawn(command, args, { env: cleanEnv(env) });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`cannot run ${command}: ${error.message}`, { cause: error })),
    );
    child.once('close', resolve);
  });
  // A judge that has seen enough closes its end early.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  return { code: exit, stdout, stderr };
}

/** A program with Python's client library, which tells of each counter, histogram and summary when it began (`_created`). */
import type { TestContext } from 'node:test';
import { Child, cleanEnv } from './child.ts';
import { eventually } from './eventually.ts';
import type { Exporter } from './exporters.ts';
import { PYTHON } from './openmetrics.ts';
import { pathOf } from './peers.ts';
import { stablePort } from './ports.ts';

const PROGRAM = `
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, start_http_server
registry = CollectorRegistry()
jobs = Counter('py_jobs', 'Jobs that were done.', ['queue', 'kind'], registry=registry)
jobs.labels('mail', 'a').inc(5)
jobs.labels('a "b"\\\\c', 'b').inc()
Counter('py_starts', 'Starts.', registry=registry).inc()
took = Histogram('py_took_seconds', 'How long they took.', ['queue'], buckets=(0.1, 1, 10), registry=registry)
took.labels('mail').observe(0.5)
took.labels('print').observe(20)
Summary('py_size_bytes', 'How large they were.', ['queue'], registry=registry).labels('mail').observe(1234)
Gauge('py_waiting', 'Jobs that wait.', registry=registry).set(3)
start_http_server(int(sys.argv[1]), '127.0.0.1', registry)
sys.stdin.read()
`;

/** Its values hold still. */
export async function startPythonClient(t: TestContext): Promise<Exporter> {
  const port = await stablePort();
  const child = await Child.spawn(t, {
    name: 'python client',
    command: PYTHON,
    args: ['-c', PROGRAM, `${port}`],
    env: cleanEnv({ PYTHONPATH: pathOf('PYTHON_PROMETHEUS_CLIENT') }),
    // It ends with it.
    input: true,
  });
  const address = `127.0.0.1:${port}`;
  await eventually('the program in Python answers', async () => {
    if (child.exit !== null) throw new Error(child.describe());
    return (await fetch(`http://${address}/metrics`)).ok;
  });
  return { address, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

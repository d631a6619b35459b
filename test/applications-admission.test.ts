/**
 * What the reporter takes from applications, the gateway admits: whatever is pushed or sent over StatsD, no shape that comes
 * of it is rejected, and no series of one tick stands in it twice. A rejection would cost everything that came with it.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { randomOf } from '@tributary/shared/random';
import type { Labels } from '@tributary/shared/shape';
import { admit } from '../packages/gateway/src/link/admission.ts';
import { targetText } from '../packages/gateway/src/link/series-text.ts';
import { Groups } from '../packages/reporter/src/applications/push/groups.ts';
import { PushError } from '../packages/reporter/src/applications/push/push-error.ts';
import { parseLine } from '../packages/reporter/src/applications/statsd/parse-line.ts';
import { StatsdTable } from '../packages/reporter/src/applications/statsd/table.ts';
import type { Column } from '../packages/reporter/src/collectors/columns.ts';
import { TextFormatError } from '../packages/reporter/src/collectors/exposition-text/families.ts';
import { parseText } from '../packages/reporter/src/collectors/exposition-text/parse-text.ts';

const HOST = 'web-1';
const STATICS = new Map([['env', 'prod']]);

/** Few of each, so that they meet. */
const NAMES = ['x', 'x_sum', 'x_count', 'x_bucket', 'y', 'tributary_z'];
const LABELS = ['a', 'host', 'exported_host', 'instance', 'env', 'exported_env', 'le', 'quantile', 'job'];
const VALUES = ['1', '1.0', '', HOST, 'prod', '+Inf', '0.5', 'w"\\\\'];
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

type Random = () => number;

function one<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

function labelText(random: Random): string {
  const count = Math.floor(random() * 4);
  const names = new Set(Array.from({ length: count }, () => one(random, LABELS)));
  return [...names].map((name) => `${name}="${one(random, VALUES).replace(/["\\]/g, '\\$&')}"`).join();
}

function body(random: Random): string {
  let text = '';
  for (let families = Math.floor(random() * 3); families >= 0; families--) {
    const name = one(random, NAMES);
    if (random() < 0.6) text += `# TYPE ${name} ${one(random, TYPES)}\n`;
    for (let samples = Math.floor(random() * 3); samples >= 0; samples--)
      text += `${name}${one(random, ['', '', '_bucket', '_sum', '_count'])}{${labelText(random)}} 1\n`;
  }
  return text;
}

function key(random: Random): Labels {
  const labels: Record<string, string> = { job: one(random, ['p', 'q', 'node']) };
  for (let count = Math.floor(random() * 3); count > 0; count--)
    labels[one(random, LABELS.slice(0, -1))] = one(random, VALUES);
  labels['job'] ??= 'p';
  return labels;
}

/** Each series with its labels sorted, as Prometheus tells them apart. @throws when the gateway would reject a shape. */
function admitted(columns: readonly Column[]): number {
  const seen = new Set<string>();
  for (const { shape, values } of columns) {
    const body = JSON.stringify(shape);
    const { shape: ours, fault } = admit(shape, { hash: body, body });
    assert.equal(fault, null, `${JSON.stringify(fault)} ${body}`);
    assert.equal(ours?.length, values.length);
    const target = targetText(shape.labels, HOST);
    for (const prefix of ours?.families.flatMap(({ prefixes }) => prefixes) ?? []) {
      const [name = ''] = prefix.split('{', 1);
      const labels = [
        ...`${prefix.slice(name.length)}${target}`.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g),
      ];
      const names = labels.map(([, label]) => label);
      assert.equal(new Set(names).size, names.length, prefix + target);
      const series = `${name} ${labels
        .map(([text]) => text)
        .filter((text) => !text.endsWith('=""'))
        .sort()}`;
      assert.ok(
        !seen.has(series),
        `${series} stands twice: ${JSON.stringify(columns.map((column) => column.shape))}`,
      );
      seen.add(series);
    }
  }
  return seen.size;
}

test('what is pushed', () => {
  const random = randomOf(7);
  const tally = { taken: 0, refused: 0, unread: 0, series: 0 };
  for (let round = 0; round < 300; round++) {
    const groups = new Groups({ host: HOST, statics: STATICS, takenJobs: ['node'] });
    for (let i = 0; i < 12; i++) {
      const labels = key(random);
      const moment = { now: 1_790_000_000_000 + i, mono: i };
      try {
        groups.push(labels, parseText(body(random)), random() < 0.5, moment);
        tally.taken++;
      } catch (error) {
        if (error instanceof PushError) tally.refused++;
        else if (error instanceof TextFormatError) tally.unread++;
        else throw error;
        if (random() < 0.3) groups.noteFailure(labels, moment);
      }
      tally.series += admitted(groups.columns());
    }
  }
  for (const [what, count] of Object.entries(tally)) assert.ok(count > 300, `${what}: ${count}`);
});

test('what is sent over StatsD', () => {
  const random = randomOf(11);
  let series = 0;
  for (let round = 0; round < 200; round++) {
    const table = new StatsdTable({ bounds: [0.5, 1], target: ['job', 'env'], onError: () => {} });
    for (let i = 0; i < 30; i++) {
      const tags = labelText(random).replaceAll('=', ':').replaceAll('"', '');
      const line = `${one(random, NAMES)}:1|${one(random, ['c', 'g', 'ms', 's'])}${tags === '' ? '' : `|#${tags}`}`;
      parseLine(line, { sample: (sample) => table.add(sample, i), error: () => {}, tagError: () => {} });
      if (random() < 0.1) table.expire(i - 5, i);
      series += admitted(table.chunks.columns({ job: 'statsd', env: 'prod' }));
    }
  }
  assert.ok(series > 10_000, String(series));
});

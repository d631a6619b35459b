/** What the doctor asks Prometheus about the last hour, evaluated by Prometheus's own tool. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { RECENT_QUERIES } from '../packages/gateway/src/doctor/recent.ts';
import { pathOf, without } from './support/peers.ts';
import { tempDir } from './support/temp-dir.ts';

const rejects = (host: string) => `tributary_host_rejects_total{host="${host}",code="FUTURE"}`;
const level = (instance: string) => `tributary_gateway_strain_level{instance="${instance}"}`;
/** By minutes. In the last hour there was something at those that are called so. */
const TEST = {
  interval: '1m',
  input_series: [
    { series: rejects('first-recent'), values: '_x100 1x20' },
    { series: rejects('again-recent'), values: '7x100 8x20' },
    { series: rejects('never'), values: '0x120' },
    { series: rejects('never-and-new'), values: '_x100 0x20' },
    { series: rejects('over'), values: '0x10 7x110' },
    { series: rejects('first-over'), values: '_x10 7x110' },
    { series: level('recent'), values: '0x100 2x5 0x15' },
    { series: level('over'), values: '0x10 2x5 0x105' },
  ],
  promql_expr_test: [
    {
      expr: `count by (host) (${RECENT_QUERIES.rejected})`,
      eval_time: '115m',
      exp_samples: [
        { labels: '{host="first-recent"}', value: 1 },
        { labels: '{host="again-recent"}', value: 1 },
      ],
    },
    {
      expr: RECENT_QUERIES.strained,
      eval_time: '115m',
      exp_samples: [{ labels: '{instance="recent"}', value: 2 }],
    },
  ],
};

test('what happened in the last hour is found, the first event of its kind, too', {
  skip: without('PROMTOOL'),
}, async (t) => {
  const file = join(await tempDir(t), 'queries.yml');
  await writeFile(file, JSON.stringify({ rule_files: [], tests: [TEST] }));
  const { stdout } = await promisify(execFile)(pathOf('PROMTOOL'), ['test', 'rules', file]);
  assert.match(stdout, /SUCCESS/);
});

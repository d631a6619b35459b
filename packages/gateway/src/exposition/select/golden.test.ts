/**
 * Selections of the mixed fleet, in both formats. `TRIBUTARY_UPDATE_GOLDEN=1` rewrites the golden files; read the
 * difference before you believe it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { AdmittedShape } from '../../link/admission.ts';
import { mixedFleet, ownFamilies } from '../fixtures/mixed-fleet.ts';
import type { Format } from '../format.ts';
import type { HostInput, HostPoints } from '../input.ts';
import { createLayout } from '../layout.ts';
import { render } from '../render.ts';
import { hostCounts, parseStrictly, withoutStrictParser } from '../test-support.ts';
import { hideUnselected, selectOwn } from './apply.ts';
import { parseSelection, type Selection } from './selection.ts';

/** Something of every type; a histogram in parts, names made anew, values to be unescaped, a stray of each format. */
const MATCH = [
  'rpc_seconds_bucket{le="+Inf"}',
  'rpc_seconds_count{method="get",host=~"al.*"}',
  '{__name__=~"rpc_.*_sum",queue!="b"}',
  'node_cpu_seconds_total{mode!~"us.+"}',
  'node_filesystem_free_bytes{mountpoint=~".*new.*",exported_exported_job="own"}',
  '{node_state="running"}',
  '{version="13"}',
  'up{job!="node"}',
  'up{host="alpha"}',
  'tributary_host_dropped_samples_total{reason="a \\"quoted\\"\\\\\\n"}',
  'tributary_ledger_commit_seconds_bucket{le=~"0\\\\..+"}',
  'go_memstats_alloc_bytes_total',
];

/** All points of what is selected, each as a replay would show it. */
function selectInput(input: HostInput, selection: Selection): HostInput {
  const selected = new Map<AdmittedShape, HostPoints[]>();
  for (const [shape, hosts] of input) {
    for (const host of hosts) {
      const mask = selection.hiddenOf(shape, host.host);
      if (!selection.includesHost(host.host) || mask === 'none') continue;
      const points = host.points.map((point) => hideUnselected(point, mask));
      selected.set(shape, [...(selected.get(shape) ?? []), { ...host, points }]);
    }
  }
  return selected;
}

function bodyOf(format: Format, selection: Selection): string {
  const input = mixedFleet();
  const own = ownFamilies();
  const layout = createLayout(format, hostCounts(input), own);
  // The first of the own families is the only one per host.
  const chosen = [
    ...selectOwn(own.slice(0, 2), selection, true),
    ...selectOwn(own.slice(2), selection, false),
  ];
  return [...render(layout, selectInput(input, selection), chosen)].join('');
}

for (const format of ['openmetrics', 'text'] as const) {
  test(`a selection of a mixed fleet in ${format}`, () => {
    const body = bodyOf(format, parseSelection({ match: MATCH, host: [], shard: undefined }));
    const golden = new URL(`../fixtures/selection.${format}.txt`, import.meta.url);
    if (process.env['TRIBUTARY_UPDATE_GOLDEN'] === '1') writeFileSync(golden, body);
    assert.equal(body, readFileSync(golden, 'utf8'));
  });

  test(`hosts together are the whole, but for what is of no host, in ${format}`, () => {
    const lines = (query: { host?: string[]; shard?: string }) =>
      bodyOf(format, parseSelection({ match: [], host: query.host ?? [], shard: query.shard })).match(
        /^[^#].*$/gm,
      ) ?? [];
    const all = lines({}).sort();
    const apart = ['alpha', 'beta', 'gamma'].flatMap((host) => lines({ host: [host] })).sort();
    assert.deepEqual(
      apart,
      all.filter((line) => line.includes('host="')),
    );
    assert.deepEqual(lines({ host: ['gamma', 'alpha', 'beta'] }).sort(), apart);
    assert.deepEqual([...lines({ shard: '0/2' }), ...lines({ shard: '1/2' })].sort(), all);
  });
}

test('what does not split a histogram is strict OpenMetrics', { skip: withoutStrictParser() }, () => {
  const match = ['{__name__=~"rpc_wait.*|node_os_info",host="beta"}', 'node_state', 'up'];
  const body = bodyOf('openmetrics', parseSelection({ match, host: ['beta'], shard: undefined }));
  assert.deepEqual(parseStrictly([body]), [body.match(/^[^#]/gm)?.length]);
});

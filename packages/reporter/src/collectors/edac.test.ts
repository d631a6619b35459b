import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEdacCollector } from './edac.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('errors of controllers, of their rows and of no known row', async (t) => {
  const base = 'sys/devices/system/edac/mc/mc0';
  const roots = temporaryRoots(t, {
    [`${base}/ce_count`]: '1\n',
    [`${base}/ce_noinfo_count`]: '2\n',
    [`${base}/csrow3/ce_count`]: '4\n',
  });
  const text = await renderOnce(createEdacCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_edac_correctable_errors_total'), ['{controller="0"} 1']);
  assert.deepEqual(samplesOf(text, 'node_edac_csrow_correctable_errors_total'), [
    '{controller="0",csrow="unknown"} 2',
    '{controller="0",csrow="3"} 4',
  ]);
});

test('a machine without such memory succeeds with nothing', async (t) => {
  assert.equal(await renderOnce(createEdacCollector(temporaryRoots(t, {}))), '');
});

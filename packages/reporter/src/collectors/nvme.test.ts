import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNvmeCollector } from './nvme.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('sizes count sectors and usage counts blocks; paths to a namespace are not told', async (t) => {
  const base = 'sys/class/nvme/nvme0';
  const roots = temporaryRoots(t, {
    [`${base}/model`]: 'Example 512GB   \n',
    [`${base}/state`]: 'live\n',
    [`${base}/nvme0n1/size`]: '3000\n',
    [`${base}/nvme0n1/nuse`]: '100\n',
    [`${base}/nvme0n1/queue/logical_block_size`]: '4096\n',
    [`${base}/nvme0c0n1/size`]: '3000\n',
  });
  const text = await renderOnce(createNvmeCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_nvme_info'), [
    '{device="nvme0",model="Example 512GB",state="live"} 1',
  ]);
  assert.deepEqual(samplesOf(text, 'node_nvme_namespace_info'), [
    '{device="nvme0",nsid="1",ana_state="unknown"} 1',
  ]);
  const namespace = '{device="nvme0",nsid="1"}';
  assert.deepEqual(samplesOf(text, 'node_nvme_namespace_size_bytes'), [`${namespace} 1536000`]);
  assert.deepEqual(samplesOf(text, 'node_nvme_namespace_used_bytes'), [`${namespace} 409600`]);
});

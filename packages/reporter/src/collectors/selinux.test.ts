import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSelinuxCollector, parseConfiguredMode } from './selinux.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

test('the configured mode', () => {
  assert.equal(parseConfiguredMode('# SELINUX=disabled\nSELINUX=enforcing\nSELINUXTYPE=targeted\n'), 1);
  assert.equal(parseConfiguredMode('SELINUX=permissive\n'), 0);
  assert.equal(parseConfiguredMode(''), -1);
});

test('off and on', async (t) => {
  const off = await renderOnce(createSelinuxCollector(temporaryRoots(t, {})));
  assert.deepEqual(samplesOf(off, 'node_selinux_enabled'), ['0']);
  assert.doesNotMatch(off, /mode/);
  const roots = temporaryRoots(t, {
    'sys/fs/selinux/enforce': '0',
    'root/etc/selinux/config': 'SELINUX=enforcing\n',
  });
  const on = await renderOnce(createSelinuxCollector(roots));
  assert.deepEqual(samplesOf(on, 'node_selinux_enabled'), ['1']);
  assert.deepEqual(samplesOf(on, 'node_selinux_current_mode'), ['0']);
  assert.deepEqual(samplesOf(on, 'node_selinux_config_mode'), ['1']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayFacts } from '../gateway-facts.ts';
import type { Recent } from '../recent.ts';
import { codesOf, factsOf, gatewayOf, prometheusOf, recentOf, saidBy } from '../test-support.ts';
import { checkStorage } from './storage.ts';

const GIB = 2 ** 30;
const found = (over: Partial<GatewayFacts>, own = '') => checkStorage(factsOf(gatewayOf(over, {}, own)));

test('a disk with less room than the ledger may take', () => {
  const warned = found({ diskFreeBytes: GIB, ledgerBytes: GIB / 2 });
  assert.deepEqual(codesOf(warned), ['DISK_NEARLY_FULL (warning)']);
  assert.match(saidBy(warned, 'DISK_NEARLY_FULL'), /has 1 GB left, and the ledger may still grow by 1\.5 GB/);
  assert.match(saidBy(warned, 'DISK_NEARLY_FULL'), /retention: \{size: 1280MB\}/);
  assert.deepEqual(codesOf(found({ diskFreeBytes: 1e6, ledgerBytes: GIB })), ['DISK_NEARLY_FULL']);
  assert.deepEqual(codesOf(found({ diskFreeBytes: null })), []);
});

test('a ledger that is nearly full, or was', () => {
  assert.deepEqual(codesOf(found({ ledgerBytes: 1.95 * GIB })), ['LEDGER_NEARLY_FULL (warning)']);
  assert.deepEqual(codesOf(found({ ledgerBytes: 1.95 * GIB, ledgerLimitBytes: 0 })), [
    'LEDGER_NEARLY_FULL (warning)',
  ]);
  const trimmed = found({}, 'tributary_ledger_trimmed_batches_total{reason="size"} 7');
  assert.deepEqual(codesOf(trimmed), ['LEDGER_TRIMMED_FOR_SIZE (warning)']);
  assert.match(
    saidBy(trimmed, 'LEDGER_TRIMMED_FOR_SIZE'),
    /removed 7 batches.*\n.*\n.*--storage\.retention\.size 4096MB/,
  );
  const gateway = gatewayOf({}, {}, 'tributary_ledger_trimmed_batches_total{reason="size"} 7');
  const later = (over: Partial<Recent>) =>
    codesOf(checkStorage(factsOf(gateway, prometheusOf({ recent: recentOf(over) }))));
  assert.deepEqual(later({}), ['LEDGER_TRIMMED_FOR_SIZE (note)']);
  assert.deepEqual(later({ trimmed: [{ labels: {}, value: 1 }] }), ['LEDGER_TRIMMED_FOR_SIZE (warning)']);
});

test('commits that failed and go on', () => {
  assert.deepEqual(codesOf(found({}, 'tributary_ledger_commit_failures_total 3')), ['COMMITS_FAILED (note)']);
  const now = 'tributary_ledger_commit_failures_total 3\ntributary_ledger_healthy 0';
  assert.deepEqual(codesOf(found({}, now)), [], 'that it goes on is told as such');
});

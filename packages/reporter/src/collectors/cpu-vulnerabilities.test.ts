import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCpuVulnerabilitiesCollector, parseVulnerability } from './cpu-vulnerabilities.ts';
import { FIXTURE_ROOTS, renderOnce, samplesOf } from './test-support.ts';

test('tells the state from what is done about it', () => {
  assert.deepEqual(parseVulnerability('Not affected'), { state: 'not affected', mitigation: '' });
  assert.deepEqual(parseVulnerability('Vulnerable: No microcode'), {
    state: 'vulnerable',
    mitigation: 'No microcode',
  });
  assert.deepEqual(parseVulnerability('Mitigation: PTI; x'), { state: 'mitigation', mitigation: 'PTI; x' });
  assert.deepEqual(parseVulnerability('KVM: Mitigation: VMX disabled'), {
    state: 'unknown',
    mitigation: 'KVM: Mitigation: VMX disabled',
  });
  assert.deepEqual(parseVulnerability('Vulnerable, IBPB'), { state: 'vulnerable', mitigation: 'IBPB' });
  assert.deepEqual(parseVulnerability('Unknown: No mitigations'), {
    state: 'unknown',
    mitigation: 'No mitigations',
  });
});

test('tells each weakness', async () => {
  const text = await renderOnce(createCpuVulnerabilitiesCollector(FIXTURE_ROOTS));
  assert.equal(
    samplesOf(text, 'node_cpu_vulnerabilities_info')[1],
    '{codename="meltdown",state="mitigation",mitigation="PTI"} 1',
  );
});

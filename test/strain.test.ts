/**
 * Programs that take more than they may: they slow what they can, say so, and recover. That they recover takes minutes, and is
 * seen in the long form only.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LONG } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { Gateway, Reporter } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

/** Half a minute over the limit, looked at every ten seconds, and a busy machine. */
const TO_RISE = { timeoutMs: 120_000 };
const TO_FALL = { timeoutMs: 400_000 };
/** No program of ours is as small as this. */
const TINY = '1MB';
const AMPLE = '100GB';

async function ownValue(gateway: Gateway, name: string): Promise<number | undefined> {
  const { samples } = readExposition((await gateway.metrics()).body);
  return samples.find((sample) => sample.name === name)?.value;
}

/** One line of the log says which limit it is, and how far it has gone. */
function assertTold(log: readonly string[]): void {
  const line = log.find((each) => each.includes('more than --limits.memory'));
  const { level, strain, cause } = JSON.parse(line ?? '{}') as Record<string, unknown>;
  assert.deepEqual([level, strain, cause], ['warn', 1, 'memory']);
}

// Both mostly wait.
describe('over their limits', { concurrency: true }, () => {
  test('a gateway over its memory asks its hosts to report less often', async (t) => {
    const file = join(await tempDir(t), 'gateway.yml');
    await writeFile(file, `limits: {memory: ${TINY}}\n`);
    const gateway = await Gateway.start(t, { args: ['--config.file', file] });
    const reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: 'web-1' });
    await eventually(
      'it asks for a slower pace',
      async () => {
        return ((await ownValue(gateway, 'tributary_gateway_pace_seconds')) ?? 0) >= 30;
      },
      TO_RISE,
    );
    assertTold(gateway.log);
    assert.ok(((await ownValue(gateway, 'tributary_gateway_strain_level')) ?? 0) >= 1);
    await eventually(
      'the host heeds it',
      async () => {
        return ((await ownValue(gateway, 'tributary_reporter_interval_seconds')) ?? 0) >= 30;
      },
      TO_RISE,
    );
    if (!LONG) return;
    await writeFile(file, `limits: {memory: ${AMPLE}}\n`);
    process.kill(gateway.pid, 'SIGHUP');
    await eventually(
      'it recovers',
      async () => {
        return (await ownValue(gateway, 'tributary_gateway_pace_seconds')) === 0;
      },
      TO_FALL,
    );
    await eventually(
      'and the host is quick again',
      async () => {
        return (await ownValue(gateway, 'tributary_reporter_interval_seconds')) === 1;
      },
      TO_FALL,
    );
    assert.equal(reporter.exit, null);
  });

  test('a reporter over its memory samples less often', async (t) => {
    const file = join(await tempDir(t), 'reporter.yml');
    await writeFile(file, `limits: {memory: ${TINY}}\n`);
    const gateway = await Gateway.start(t);
    const args = ['--config.file', file];
    const reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: 'web-1', args });
    await eventually(
      'it is slower',
      async () => {
        return ((await ownValue(gateway, 'tributary_reporter_interval_seconds')) ?? 0) >= 2;
      },
      TO_RISE,
    );
    assertTold(reporter.log);
    if (!LONG) return;
    await writeFile(file, `limits: {memory: ${AMPLE}}\n`);
    process.kill(reporter.pid, 'SIGHUP');
    await eventually(
      'it recovers',
      async () => {
        return (await ownValue(gateway, 'tributary_reporter_strain_level')) === 0;
      },
      TO_FALL,
    );
    assert.ok(reporter.log.some((line) => line.includes('it samples more often again')));
  });
});

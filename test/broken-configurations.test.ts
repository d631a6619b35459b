/**
 * Every configuration of the table gives its one message. TRIBUTARY_LONG=1 starts a program for each, which has to end with
 * exit code 1 and say nothing else; in CI every tenth is started, and all others are read as the programs read theirs.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { loadOptions as loadGateway } from '../packages/gateway/src/config-file.ts';
import { loadOptions as loadReporter } from '../packages/reporter/src/config-file.ts';
import { BROKEN_CONFIGURATIONS } from './support/broken-configurations.ts';
import { either } from './support/durations.ts';
import { runToEnd } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

const STARTED_EVERY = either(10, 1);

test('each of fifty broken configurations and more has one clear message', async (t) => {
  assert.ok(BROKEN_CONFIGURATIONS.length >= 50);
  const file = join(await tempDir(t), 'broken.yml');
  for (const [i, { program, file: text, args = [], env = {}, message }] of BROKEN_CONFIGURATIONS.entries()) {
    if (text !== null) await writeFile(file, text);
    const argv = [...(text === null ? [] : ['--config.file', file]), ...args];
    const told = message.replace('FILE', file);
    const load = program === 'gateway' ? loadGateway : loadReporter;
    await assert.rejects(load(argv, env), { message: told });
    if (i % STARTED_EVERY !== 0) continue;
    const { code, stdout, stderr } = await runToEnd(t, program, argv, env);
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 1, stdout: [], stderr: [`tributary-${program}: ${told}`] },
    );
  }
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { fieldOf } from '../unknown-values.ts';
import { type ChildOptions, createAskChild, INVENTORY_CHILD } from './ask-child.ts';

/** A child of our own, which gets the arguments that child.ts would get. */
function script(code: string, options: Partial<ChildOptions> = {}): ChildOptions {
  return { ...INVENTORY_CHILD, ...options, command: [process.execPath, '--eval', code, '--'] };
}

const ANSWER = `console.log(JSON.stringify({ question: 'cpu', value: { cores: 4 } }));`;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(os.tmpdir(), 'ask-child-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a real child asks the package about this machine', async () => {
  const answers = await createAskChild(INVENTORY_CHILD)(['os', 'memory', 'mounts']);
  const value = (question: 'os' | 'memory' | 'mounts') => {
    const answer = answers.get(question);
    assert.ok(answer !== undefined && 'value' in answer, JSON.stringify(answer));
    return answer.value;
  };
  assert.equal(fieldOf(value('os'), 'hostname'), os.hostname());
  assert.equal(fieldOf(value('memory'), 'total'), os.totalmem());
  assert.ok(Array.isArray(value('mounts')));
});

test('what a child answered before it broke down holds, and the rest says why there is none', async () => {
  const ask = createAskChild(script(`${ANSWER} console.error('out of luck'); process.exitCode = 3;`));
  const answers = await ask(['cpu', 'bios']);
  assert.deepEqual(answers.get('cpu'), { value: { cores: 4 } });
  assert.deepEqual(answers.get('bios'), { error: 'the child ended with code 3: out of luck' });
});

test('lines that are no answers are passed over, and an error is an answer', async () => {
  const lines = ['nonsense', '[]', 'null', '{"question":"weather","value":1}', '{"question":"cpu"}'];
  const ask = createAskChild(
    script(`console.log(${JSON.stringify(lines.join('\n'))});
      console.log(JSON.stringify({ question: 'bios', error: 'x'.repeat(5000) }));`),
  );
  const answers = await ask(['cpu', 'bios']);
  assert.deepEqual(answers.get('cpu'), { error: 'the child ended with code 0' });
  assert.deepEqual(answers.get('bios'), { error: 'x'.repeat(200) });
});

test('a child that hangs is ended at the deadline', async () => {
  const ask = createAskChild(script('setInterval(() => {}, 1000)', { deadlineMs: 100 }));
  assert.deepEqual((await ask(['cpu'])).get('cpu'), { error: 'no answer within 100 ms' });
});

test('a child that does not stop writing is ended, and what it started with it', async (t) => {
  const file = join(folder(t), 'pids');
  const ask = createAskChild(
    script(
      `${ANSWER}
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
      const more = () => process.stdout.write('y'.repeat(10000), more);
      more();`,
      { bytesMax: 50_000 },
    ),
  );
  const answers = await ask(['cpu', 'bios']);
  assert.deepEqual(answers.get('cpu'), { value: { cores: 4 } });
  assert.deepEqual(answers.get('bios'), { error: 'the answers are larger than 50000 bytes' });
  const pids = readFileSync(file, 'utf8').split(' ').map(Number);
  assert.equal(pids.length, 2);
  await until(() => !pids.some(isAlive));
});

test('a program that is not there is no child', async () => {
  for (const [program, reason] of [
    ['/nowhere/node', /could not be started: .*ENOENT/],
    ['node\0', /could not be started: .*null bytes/],
  ] as const) {
    const ask = createAskChild({ ...INVENTORY_CHILD, command: [program] });
    for (let i = 0; i < 2; i++) {
      const answer = (await ask(['cpu'])).get('cpu');
      assert.ok(answer !== undefined && 'error' in answer);
      assert.match(answer.error, reason);
    }
  }
});

test('there is one child at a time', async () => {
  const ask = createAskChild(script(`setTimeout(() => { ${ANSWER} }, 100)`));
  const [first, second] = await Promise.all([ask(['cpu']), ask(['cpu'])]);
  assert.deepEqual(first.get('cpu'), { value: { cores: 4 } });
  assert.deepEqual(second.get('cpu'), { error: 'an earlier child has not ended yet' });
});

test('a child is told its questions, when to give up, and its priority', async () => {
  const ask = createAskChild(
    script(`console.log(JSON.stringify({ question: 'cpu', value: process.argv.slice(1) }));`, {
      deadlineMs: 20_000,
      priority: 7,
    }),
  );
  const answers = await ask(['cpu', 'bios']);
  assert.deepEqual(answers.get('cpu'), { value: ['cpu,bios', '25000', '7'] });
});

test('a child does not see what the service was given in its environment', async (t) => {
  process.env['A_SECRET_OF_THE_SERVICE'] = 's';
  t.after(() => delete process.env['A_SECRET_OF_THE_SERVICE']);
  const answers = await createAskChild(
    script(
      `console.log(JSON.stringify({ question: 'cpu', value: process.env.A_SECRET_OF_THE_SERVICE ?? 'none' }));`,
    ),
  )(['cpu']);
  assert.deepEqual(answers.get('cpu'), { value: 'none' });
});

test('a reporter that exits leaves no child behind', async (t) => {
  const file = join(folder(t), 'pid');
  const hang = `const { renameSync, writeFileSync } = require('node:fs');
    writeFileSync(${JSON.stringify(`${file}.new`)}, String(process.pid));
    renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)});
    setInterval(() => {}, 1000);`;
  const parent = `
    import { existsSync } from 'node:fs';
    import { createAskChild, INVENTORY_CHILD } from ${JSON.stringify(new URL('./ask-child.ts', import.meta.url).href)};
    createAskChild({ ...INVENTORY_CHILD, command: [process.execPath, '--eval', ${JSON.stringify(hang)}, '--'] })(['cpu']);
    setInterval(() => existsSync(${JSON.stringify(file)}) && process.exit(0), 20);`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', parent]);
  const pid = Number(readFileSync(file, 'utf8'));
  assert.ok(pid > 0);
  await until(() => !isAlive(pid));
});

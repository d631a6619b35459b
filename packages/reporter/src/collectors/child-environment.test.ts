import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childEnvironment } from './child-environment.ts';
import { runProgram } from './other-systems/run-program.ts';

test('programs see what they need and no secrets', () => {
  const env = {
    PATH: '/bin',
    SystemRoot: 'C:\\Windows',
    AWS_SECRET_ACCESS_KEY: 's',
    NODE_OPTIONS: '--inspect',
  };
  assert.deepEqual(childEnvironment({ LC_ALL: 'C' }, env), {
    PATH: '/bin',
    SystemRoot: 'C:\\Windows',
    LC_ALL: 'C',
  });
  assert.deepEqual(childEnvironment({ PATH: '/sbin' }, { PATH: '/bin' }), { PATH: '/sbin' });
});

test('a program that is run has that environment', async (t) => {
  process.env['A_SECRET_OF_THE_SERVICE'] = 's';
  t.after(() => delete process.env['A_SECRET_OF_THE_SERVICE']);
  const text = await runProgram(process.execPath, ['-p', 'Object.keys(process.env).join()']);
  const names = text.trim().split(',');
  assert.ok(names.includes('LC_ALL') && names.includes('PATH'), text);
  assert.ok(!names.includes('A_SECRET_OF_THE_SERVICE'), text);
});

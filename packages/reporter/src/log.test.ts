import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** The log writes to the process's own stderr, so another process is asked for its lines. */
function linesOf(format: 'json' | 'pretty'): string {
  const log = new URL('./log.ts', import.meta.url).href;
  const script = `
    import { createLog } from ${JSON.stringify(log)};
    const log = createLog({ level: 'debug', format: '${format}' });
    log.warn({ error: 'connect http://me:s3cr3t@p:3128 failed', headers: { authorization: 'Bearer s3cr3ts3cr3ts3cr3t' } }, 'via ws://s3cr3t@gw');
  `;
  const args = ['--conditions=tributary-source', '--input-type=module', '-e', script];
  return execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', process.execPath, ...args], { encoding: 'utf8' });
}

for (const format of ['json', 'pretty'] as const) {
  test(`credentials do not get into a ${format} line, whoever put them there`, () => {
    const line = linesOf(format);
    assert.match(line, /connect http:\/\/…@p:3128 failed/);
    assert.match(line, /Bearer …/);
    assert.match(line, /via ws:\/\/…@gw/);
    assert.ok(!line.includes('s3cr3t'));
  });
}

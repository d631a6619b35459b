import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CODES, gatewayOption } from './finding.ts';

test('docs/DOCTOR.md explains every finding, with its severity', () => {
  const page = readFileSync(new URL('../../../../docs/DOCTOR.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (error|warning|note)\b/gm)];
  const documented = Object.fromEntries(rows.map(([, code, severity]) => [code, severity]));
  assert.equal(rows.length, Object.keys(documented).length, 'none stands there twice');
  assert.deepEqual(documented, { ...CODES });
});

test('an option is told as a key of the file and as a flag', () => {
  assert.deepEqual(gatewayOption('web.max-connections', '7', ['# more']), {
    where: 'gateway.yml, or --web.max-connections 7',
    lines: ['web: {max_connections: 7}', '# more'],
  });
});

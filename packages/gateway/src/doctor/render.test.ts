import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, finding, gatewayOption, isFine, sortFindings } from './finding.ts';
import { renderJson, renderText } from './render.ts';
import { factsOf } from './test-support.ts';

const change = command('do this');
const findings = sortFindings([
  finding('NO_CREDENTIALS', { severity: 'note', what: 'A.', means: 'B.', change }),
  finding('NO_HONOR_LABELS', { what: 'What is wrong is wrong.', means: 'It means this.', change }),
  finding('HOSTS_DOWN', { what: 'C.', means: 'D.', change: gatewayOption('storage.retention.size', '4GB') }),
]);
const report = { ...factsOf(), prometheusUrl: new URL('http://127.0.0.1:9090'), findings };

test('for people: the worst first, each with the line to change', () => {
  const text = renderText(report, { colours: false, width: 40 });
  assert.equal(
    text,
    `gateway     http://127.0.0.1:9750  1.2.3, ready, 1 of 1 host up
prometheus  http://127.0.0.1:9090  3.5.3, job tributary

error    NO_HONOR_LABELS
         What is wrong is wrong. It
         means this.
         command:
           do this

warning  HOSTS_DOWN
         C. D.
         gateway.yml, or --storage.retention.size 4GB:
           storage: {retention: {size: 4GB}}

note     NO_CREDENTIALS
         A. B.
         command:
           do this

1 error, 1 warning, 1 note.
`,
  );
  assert.ok(renderText(report, { colours: true, width: 40 }).includes('\x1b[31merror'));
  const fine = renderText({ ...report, findings: [] }, { colours: false, width: 80 });
  assert.match(fine, /\n\nNothing is wrong \(0 notes\)\.\n$/);
});

test('a terminal obeys nothing of what others have named', () => {
  const job = finding('NO_HONOR_LABELS', { what: 'a\x1b[2Jb', means: 'c\nd', change: command('e\rf') });
  const text = renderText({ ...report, findings: [job] }, { colours: false, width: 80 });
  assert.match(text, /a\\u001b\[2Jb c\\u000ad\n.*\n.*e\\u000df\n/);
});

test('for programs', () => {
  const answer = JSON.parse(renderJson(report));
  assert.deepEqual(answer.counts, { error: 1, warning: 1, note: 1 });
  assert.deepEqual(answer.prometheus, {
    url: 'http://127.0.0.1:9090/',
    version: '3.5.3',
    jobs: ['tributary'],
  });
  assert.deepEqual(answer.findings[0], {
    code: 'NO_HONOR_LABELS',
    severity: 'error',
    what: 'What is wrong is wrong.',
    means: 'It means this.',
    change: { where: 'command', lines: ['do this'] },
  });
  assert.equal(
    JSON.parse(renderJson({ ...report, prometheusUrl: null, prometheus: null, jobs: [] })).prometheus,
    null,
  );
});

test('notes alone are fine', () => {
  assert.ok(!isFine(findings));
  assert.ok(isFine(findings.slice(2)));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGroupPath } from './group-path.ts';

function labelsOf(path: string): unknown {
  const found = parseGroupPath(path);
  assert.equal(found.kind, 'group', `${path}: ${JSON.stringify(found)}`);
  return found.kind === 'group' ? found.labels : null;
}

function refused(path: string, message: RegExp): void {
  const found = parseGroupPath(path);
  assert.equal(found.kind, 'bad', `${path}: ${JSON.stringify(found)}`);
  if (found.kind === 'bad') assert.match(found.message, message);
}

test('the labels of the path are the group’s', () => {
  assert.deepEqual(labelsOf('/metrics/job/a'), { job: 'a' });
  assert.deepEqual(labelsOf('/metrics/job/a/'), { job: 'a' });
  assert.deepEqual(labelsOf('/metrics/job/a/instance/b/zone/c'), { job: 'a', instance: 'b', zone: 'c' });
  assert.deepEqual(labelsOf('/metrics/job/a/x/1/x/2'), { job: 'a', x: '2' });
  assert.deepEqual(labelsOf('/metrics/job/a/job/b'), { job: 'a' });
});

test('parts are percent-encoded, and an encoded slash is one', () => {
  assert.deepEqual(labelsOf('/metrics/job/a%20b/name/%CE%A0'), { job: 'a b', name: 'Π' });
  assert.deepEqual(labelsOf('/metrics/job/a+b'), { job: 'a+b' });
  assert.deepEqual(labelsOf('/metrics/job/a/b%2Fc/d/e'), { job: 'a', b: 'c', d: 'e' });
  refused('/metrics/job/a/x%2', /not percent-encoded UTF-8/);
  refused('/metrics/job/a/x/%ff', /not percent-encoded UTF-8/);
});

test('values in base64, with or without padding', () => {
  assert.deepEqual(labelsOf('/metrics/job@base64/YQ'), { job: 'a' });
  assert.deepEqual(labelsOf('/metrics/job@base64/YQ=='), { job: 'a' });
  assert.deepEqual(labelsOf('/metrics/job/a/path@base64/L3Zhci90bXA'), { job: 'a', path: '/var/tmp' });
  assert.deepEqual(labelsOf('/metrics/job/a/x@base64/='), { job: 'a', x: '' });
  refused('/metrics/job@base64/a', /invalid base64 encoding in job name "a"/);
  refused('/metrics/job/a/x@base64/a+b', /invalid base64 encoding for label x/);
  refused('/metrics/job/a/x@base64/_w', /invalid base64 encoding for label x/);
});

test('what is no key is refused', () => {
  refused('/metrics/job/', /job name is required/);
  refused('/metrics/job@base64/=', /job name is required/);
  refused('/metrics/job/a/instance', /odd number of components/);
  refused('/metrics/job/a//b/c', /odd number of components|cannot be a part/);
  refused('/metrics/job//x/y', /"" cannot be a part/);
  refused('/metrics/job/a/../b', /odd|cannot be a part/);
  refused('/metrics/job/a/x/..', /"\.\." cannot be a part/);
  refused('/metrics/job/a/1x/b', /improper label name "1x"/);
  refused('/metrics/job/a/__x/b', /improper label name "__x"/);
  refused('/metrics/job/a/x.y/b', /improper label name "x\.y"/);
  refused(`/metrics/job/${'j'.repeat(2049)}`, /longer than 2048/);
  refused('/metrics/job/a/x/%00', /NUL/);
});

test('other paths are none of pushes', () => {
  for (const path of [
    '',
    '/',
    '/metrics',
    '/metrics/job',
    '/metrics/jobs/a',
    '/x/metrics/job/a',
    '/metrics/JOB/a',
  ])
    assert.deepEqual(parseGroupPath(path), { kind: 'elsewhere' }, path);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REFUSALS, type RefuseCode } from '@tributary/shared/errors';
import { logLink } from './link-log.ts';
import type { Log } from './log.ts';
import { createCounters } from './own-series.ts';

const WAY = { host: 'web-1', tokenFile: '/etc/token', certFile: '', isTls: true };
const GATEWAY = 'ws://gw/v1/stream';

function setUp() {
  const lines: string[] = [];
  const line =
    (level: string) =>
    (...words: unknown[]) => {
      const [fields, message] = typeof words[0] === 'string' ? [{}, words[0]] : words;
      const { gateway, ...rest } = fields as Record<string, unknown>;
      assert.ok(gateway === undefined || gateway === GATEWAY);
      lines.push(`${level} ${message} ${JSON.stringify(rest)}`);
    };
  const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, line(level)]));
  const counters = createCounters();
  // Made of its four levels alone; the cast leaves out pino's overloads, not a method that is used.
  return { lines, counters, link: logLink(log as unknown as Log, counters, GATEWAY, WAY) };
}

const end = { code: 1006, reason: '', wasStreaming: true, parked: false, pauseMs: 500, refusal: null };

describe('connections', () => {
  test('are told when they come and go; tries that come to nothing are not', () => {
    const { lines, counters, link } = setUp();
    link.connected(7);
    link.disconnected(end);
    link.disconnected({ ...end, wasStreaming: false });
    assert.deepEqual(lines, [
      'info connected {"backlog":7}',
      'warn disconnected {"code":1006,"reason":"","retryInMs":500}',
      'debug not connected {"code":1006,"reason":"","retryInMs":500}',
    ]);
    assert.equal(counters.connects, 1);
  });

  test('a failure is told once in a long night, and again after the next connection', () => {
    const { lines, link } = setUp();
    for (let i = 0; i < 1000; i++) link.connectFailed('ECONNREFUSED');
    link.connectFailed('HTTP 401');
    link.connected(0);
    link.connectFailed('HTTP 401');
    assert.deepEqual(lines, [
      'warn cannot connect; samples are kept in the spool, and it tries again {"error":"ECONNREFUSED"}',
      'warn cannot connect; samples are kept in the spool, and it tries again {"error":"HTTP 401"}',
      'info connected {"backlog":0}',
      'warn cannot connect; samples are kept in the spool, and it tries again {"error":"HTTP 401"}',
    ]);
  });

  test('a refusal that only a person can end is told once, with what is to be done', () => {
    const { lines, counters, link } = setUp();
    const refused = (refusal: string, pauseMs: number) =>
      link.disconnected({ ...end, reason: refusal, parked: true, pauseMs, refusal });
    for (const code of [
      ...Object.keys(REFUSALS).filter((each) => REFUSALS[each as RefuseCode] === 'never'),
      'NEW',
    ])
      refused(code, 300_000);
    for (let i = 0; i < 9; i++) refused('HTTP_401', 300_000);
    assert.equal(lines.length, 6);
    for (const line of lines) assert.match(line, /^error refused; samples are kept, .+"todo":"[^"]{20,}"/);
    assert.match(lines[0] ?? '', /tried again every few minutes, and at once when the token changes/);
    assert.deepEqual([...counters.refusals], [['HTTP_401', 9]]);
    link.connected(0);
    refused('HTTP_401', 300_000);
    assert.equal(lines.length, 8, 'and again after the next connection');
  });

  test('a gateway that asks to connect again refuses nothing', () => {
    const { lines, counters, link } = setUp();
    for (const message of ['a new token is to be given', 'the new token is to be used']) {
      link.connected(0);
      lines.length = 0;
      link.refused({ kind: 'refuse', code: 'DRAINING', message, retryAfterMs: 500 });
      link.disconnected({ ...end, code: 4005, reason: 'DRAINING', refusal: 'DRAINING' });
      assert.deepEqual(lines, [
        `info the gateway asks this host to connect again later {"message":"${message}","retryAfterMs":500}`,
        'info disconnected {"code":4005,"reason":"DRAINING","retryInMs":500}',
      ]);
    }
    assert.deepEqual([...counters.refusals], [['DRAINING', 2]]);
  });

  test('what is to be done goes by what the gateway said', () => {
    const { lines, link } = setUp();
    const message = "this certificate is for 'web-2' and not for 'web-1'; see --host";
    link.refused({ kind: 'refuse', code: 'UNAUTHORIZED', message });
    const parked = { ...end, code: 4008, parked: true, pauseMs: Number.POSITIVE_INFINITY };
    link.disconnected({ ...parked, reason: 'UNAUTHORIZED', refusal: 'UNAUTHORIZED' });
    const line = lines.at(-1) ?? '';
    assert.ok(line.includes(JSON.stringify(message)), line);
    assert.match(line, /"todo":"use a certificate whose DNS name is web-1, or .+--host"/);
  });

  test('a kept token that is refused while there is another is told once', () => {
    const { lines, link } = setUp();
    for (let i = 0; i < 3; i++)
      link.disconnected({ ...end, wasStreaming: false, reason: 'HTTP 401', refusal: 'HTTP_401' });
    assert.deepEqual(lines, [
      'warn the token that the gateway gave this host is refused; another is tried {"reason":"HTTP 401"}',
    ]);
  });

  test('a refusal and a failing spool are told once until something was acked', () => {
    const { lines, counters, link } = setUp();
    for (let i = 0; i < 3; i++) {
      link.refused({ kind: 'refuse', code: 'DUPLICATE_HOST', message: `for ${i} s`, retryAfterMs: 15_000 });
      link.failed('disk full');
    }
    assert.equal(lines.length, 2);
    assert.deepEqual([...counters.refusals], [['DUPLICATE_HOST', 3]]);
    link.acked(1);
    link.failed('disk full');
    assert.equal(lines.at(-1), 'error nothing can be sent: the spool\'s folder fails {"error":"disk full"}');
  });
});

describe('batches', () => {
  test('that were sent are counted', () => {
    const { lines, counters, link } = setUp();
    link.sent(1, 100);
    link.sent(2, 50);
    assert.deepEqual([counters.sentBatches, counters.sentBytes, lines], [2, 150, []]);
  });

  test('that were passed are one line a run, however the run was told', () => {
    const { lines, counters, link } = setUp();
    link.skipped(1, 5000, 'too_old');
    for (let seq = 5001; seq < 6000; seq++) link.skipped(seq, seq, 'too_large');
    link.skipped(6010, 6010, 'too_large');
    assert.deepEqual(lines, [
      'warn batches were passed {"from":1,"to":5000,"reason":"too_old"}',
      'warn batches were passed {"from":5001,"to":5001,"reason":"too_large"}',
      'warn batches were passed {"from":6010,"to":6010,"reason":"too_large"}',
    ]);
    assert.deepEqual(
      [...counters.skips],
      [
        ['too_old', 5000],
        ['too_large', 1000],
      ],
    );
  });

  test('that were rejected are told once a reason, and no more than a hundred times', () => {
    const { lines, counters, link } = setUp();
    const reject = (code: string, message: string) =>
      link.rejected({ kind: 'reject', seq: 1, code, message });
    for (let i = 0; i < 1000; i++) {
      reject('FUTURE', `batch.at is ${i} ms ahead`);
      reject('INVALID_LABEL', 'node_x: label');
    }
    assert.equal(lines.length, 2);
    for (let i = 0; i < 1000; i++) reject('INVALID_LABEL', `node_${i}: label`);
    assert.equal(lines.length, 101);
    assert.equal(lines.at(-1), 'warn further rejects are only counted {}');
    assert.deepEqual(
      [...counters.rejects],
      [
        ['FUTURE', 1000],
        ['INVALID_LABEL', 2000],
      ],
    );
  });

  test('codes that a gateway makes up do not grow the counters without bound', () => {
    const { counters, link } = setUp();
    for (let i = 0; i < 1000; i++) link.rejected({ kind: 'reject', seq: 1, code: `CODE_${i}`, message: '' });
    assert.equal(counters.rejects.size, 65);
    assert.equal(counters.rejects.get('OTHER'), 936);
  });
});

test('a new epoch is told, and seqs begin anew', () => {
  const { lines, link } = setUp();
  link.skipped(1, 1, 'too_old');
  link.newEpoch('two reporters');
  link.skipped(2, 2, 'too_old');
  link.confused('not JSON');
  link.confused('not JSON');
  assert.deepEqual(lines, [
    'warn batches were passed {"from":1,"to":1,"reason":"too_old"}',
    'warn a new epoch was begun {"why":"two reporters"}',
    'warn batches were passed {"from":2,"to":2,"reason":"too_old"}',
    'error the gateway said something that cannot be understood {"error":"not JSON"}',
  ]);
});

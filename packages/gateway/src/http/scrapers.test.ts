import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW } from '../link/test-support.ts';
import { startHttp } from './http-test-support.ts';
import { MOMENT_FORMS } from './moment.ts';

const MINUTE_MS = 60_000;
const at = (ms: number) => new Date(ms).toISOString();

test('a rewind tells where the cursor stands then', async (t) => {
  const bench = await startHttp(t);
  const rewind = async (to: string) =>
    JSON.parse((await bench.ask(`/api/v1/scrapers/p/rewind?to=${to}`, { method: 'POST' })).text);
  assert.deepEqual(await rewind('30m'), { status: 'success', data: { to: at(NOW - 30 * MINUTE_MS) } });
  const begin = NOW - 50 * MINUTE_MS;
  assert.deepEqual(await rewind('2h'), {
    status: 'success',
    data: {
      to: at(begin),
      asked: at(NOW - 120 * MINUTE_MS),
      note: 'the cursor is set to the beginning of the window: what is older than --replay.window (50m) is not served',
    },
  });
  assert.equal((await rewind('0')).data.asked, '1970-01-01T00:00:00.000Z');
  assert.deepEqual(bench.told, [
    `rewound p to ${NOW - 30 * MINUTE_MS} by 127.0.0.1`,
    `rewound p to ${begin} by 127.0.0.1`,
    `rewound p to ${begin} by 127.0.0.1`,
  ]);
});

test('a rewind that cannot be read says what is wrong and what would be right', async (t) => {
  const bench = await startHttp(t);
  const cases: readonly [query: string, error: string][] = [
    ['?to=', `to cannot be ""; ${MOMENT_FORMS}`],
    ['?to=soon', `to cannot be "soon"; ${MOMENT_FORMS}`],
    ['?to=-5', `to cannot be "-5"; ${MOMENT_FORMS}`],
    [
      '?to=2999-01-01T00:00:00Z',
      `to cannot be "2999-01-01T00:00:00Z", which is after now (${at(NOW)}); ${MOMENT_FORMS}`,
    ],
    // Milliseconds, by mistake.
    [`?to=${NOW}`, `to cannot be "${NOW}", which is after now (${at(NOW)}); ${MOMENT_FORMS}`],
    ['', `to=TIME is missing; ${MOMENT_FORMS}`],
    ['?too=1h', 'unknown parameter "too"; did you mean to?'],
    ['?to=1h&scraper=b', 'unknown parameter "scraper"; there is to'],
    ['?to=1h&to=2h', 'to is given 2 times; give it once'],
  ];
  for (const [query, error] of cases) {
    const { status, text } = await bench.ask(`/api/v1/scrapers/p/rewind${query}`, { method: 'POST' });
    assert.equal(status, 400, query);
    assert.deepEqual(JSON.parse(text), { status: 'error', errorType: 'bad_data', error });
  }
  assert.deepEqual(bench.told, []);
});

test('who is no scraper can be neither set back nor removed', async (t) => {
  const bench = await startHttp(t);
  for (const [method, path] of [
    ['POST', '/api/v1/scrapers/nobody/rewind?to=1h'],
    ['DELETE', '/api/v1/scrapers/nobody'],
  ] as const) {
    const { status, text } = await bench.ask(path, { method });
    assert.equal(status, 404);
    assert.equal(JSON.parse(text).error, 'no such scraper; see /api/v1/scrapers');
  }
  assert.deepEqual(bench.told, []);
  assert.equal((await bench.ask('/api/v1/scrapers/p', { method: 'DELETE' })).status, 200);
  assert.deepEqual(bench.told, ['removed p by 127.0.0.1']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf, configOf, factsOf, gatewayOf, prometheusOf, saidBy, targetOf } from '../test-support.ts';
import { checkReplayWindow } from './replay-window.ts';

/** @param outOfOrder of Prometheus; '' for none */
function found(outOfOrder: string, flags: Readonly<Record<string, string>>, query = '') {
  const storage = outOfOrder === '' ? '' : `storage: {tsdb: {out_of_order_time_window: ${outOfOrder}}}`;
  const prometheus = prometheusOf({ config: configOf('', storage), targets: [targetOf({ query })] });
  return checkReplayWindow(factsOf(gatewayOf({}, flags), prometheus));
}
const window = (time: string) => ({ 'replay.window': time });

test('stock Prometheus takes an hour', () => {
  assert.deepEqual(found('', window('50m')), []);
  assert.deepEqual(codesOf(found('', window('55m'))), ['WINDOW_TOO_LONG (warning)']);
  const long = found('', window('23h'));
  assert.deepEqual(codesOf(long), ['WINDOW_TOO_LONG']);
  const text = saidBy(long, 'WINDOW_TOO_LONG');
  assert.match(text, /up to 23h old, and Prometheus takes 1h without/);
  assert.match(
    text,
    /prometheus\.yml\nstorage: \{tsdb: \{out_of_order_time_window: 23h15m\}\}\n# or for the gateway: replay: \{window: 50m\}$/,
  );
});

test('a window of its own counts for a job, up to the flag', () => {
  assert.deepEqual(found('', window('23h'), 'window=50m'), []);
  const cut = found('1d', window('2h'), 'window=10h');
  assert.deepEqual(codesOf(cut), ['WINDOW_SHORTER_THAN_PROMETHEUS (note)', 'REPLAY_CUT (warning)']);
  assert.match(saidBy(cut, 'REPLAY_CUT'), /asks for window=10h, and --replay\.window is 2h/);
  assert.match(
    saidBy(cut, 'WINDOW_SHORTER_THAN_PROMETHEUS'),
    /job "tributary"\nparams: \{window: \[23h45m\]\}/,
  );
});

test('what is no longer kept is not served', () => {
  assert.deepEqual(found('2h', { ...window('10h'), 'storage.retention.time': '1h' }), []);
});

test('an out-of-order window that does not fit, both ways', () => {
  assert.deepEqual(found('1d', window('23h')), []);
  assert.deepEqual(codesOf(found('1d', window('23h50m'))), ['WINDOW_TOO_LONG (warning)']);
  const long = found('30m', window('50m'));
  assert.deepEqual(codesOf(long), ['WINDOW_TOO_LONG']);
  assert.match(
    saidBy(long, 'WINDOW_TOO_LONG'),
    /out_of_order_time_window: 1h5m\}\}\n# or for the gateway: replay: \{window: 15m\}/,
  );
  assert.doesNotMatch(saidBy(found('10m', window('50m')), 'WINDOW_TOO_LONG'), /or for the gateway/);
  const short = found('1d', window('50m'));
  assert.deepEqual(codesOf(short), ['WINDOW_SHORTER_THAN_PROMETHEUS (note)']);
  assert.match(
    saidBy(short, 'WINDOW_SHORTER_THAN_PROMETHEUS'),
    /--replay\.window 23h45m\nreplay: \{window: 23h45m\}/,
  );
});

test('live-first needs an out-of-order window', () => {
  const flags = { 'replay.order': 'live-first' };
  assert.deepEqual(codesOf(found('', flags)), ['LIVE_FIRST_WITHOUT_WINDOW']);
  assert.deepEqual(found('', flags, 'order=in-order'), []);
  assert.match(
    saidBy(found('', {}, 'order=live-first'), 'LIVE_FIRST_WITHOUT_WINDOW'),
    /params: \{order: \[in-order\]\}/,
  );
  assert.deepEqual(found('70m', flags), []);
});

test('more points than there are', () => {
  assert.deepEqual(codesOf(found('', {}, 'max_points=2000000')), ['REPLAY_CUT (warning)']);
});

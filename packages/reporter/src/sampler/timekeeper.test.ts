import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timekeeper } from './timekeeper.ts';

const START = 1_790_000_000_000;

/** A host whose clocks the test sets: `wallMs` is what people see, `bootMs` what nobody sets. */
class Host {
  wallMs = START;
  bootMs = 5_000;
  readonly time = new Timekeeper(() => this.wallMs, { boot: 'boot-1', now: () => this.bootMs });

  /** Both clocks run on; the boot's counts through a suspend, as the wall clock does. */
  pass(ms: number): void {
    this.wallMs += ms;
    this.bootMs += ms;
  }
}

describe('without a gateway', () => {
  test('the wall clock is followed, its small changes too', () => {
    const host = new Host();
    assert.equal(host.time.now(), START);
    assert.deepEqual(host.time.moment(), { at: START, boot: 'boot-1', mono: 5_000 });
    host.pass(10_000);
    host.wallMs += 900;
    assert.equal(host.time.observe(), false);
    assert.equal(host.time.now(), START + 10_900);
    assert.equal(host.time.correctionMs, 0);
    assert.equal(host.time.isSure, false);
  });

  for (const stepMs of [1_001, 86_400_000, -1_001, -86_400_000]) {
    test(`a step of ${stepMs} ms is followed and told once`, () => {
      const host = new Host();
      host.pass(10_000);
      host.wallMs += stepMs;
      assert.equal(host.time.observe(), true);
      assert.equal(host.time.now(), START + 10_000 + stepMs);
      assert.equal(host.time.observe(), false);
    });
  }

  test('a suspend is no step', () => {
    const host = new Host();
    host.pass(8 * 3_600_000);
    assert.equal(host.time.observe(), false);
    assert.equal(host.time.now(), START + 8 * 3_600_000);
  });

  test('between two looks the time runs evenly, whatever the wall clock does', () => {
    const host = new Host();
    host.wallMs -= 1_000_000;
    host.bootMs += 400;
    assert.equal(host.time.now(), START + 400);
  });
});

describe('with a gateway', () => {
  test('one that agrees within two minutes changes nothing', () => {
    const host = new Host();
    assert.equal(host.time.welcome(START + 119_000, 1_000), false);
    assert.equal(host.time.now(), START);
    assert.equal(host.time.isSure, true);
  });

  test('half the round trip is allowed for', () => {
    const host = new Host();
    assert.equal(host.time.welcome(START + 119_000, 2_100), true);
    assert.equal(host.time.now(), START + 120_050);
  });

  test('one that disagrees by more is used, and its time runs on', () => {
    const host = new Host();
    assert.equal(host.time.welcome(START + 300_000, 0), true);
    host.pass(10_000);
    assert.equal(host.time.observe(), false);
    assert.equal(host.time.now(), START + 310_000);
    assert.equal(host.time.correctionMs, 300_000);
  });

  test('its time changes only by more than two seconds', () => {
    const host = new Host();
    host.time.welcome(START + 300_000, 0);
    assert.equal(host.time.welcome(START + 302_000, 0), false);
    assert.equal(host.time.now(), START + 300_000);
    assert.equal(host.time.welcome(START + 302_001, 0), true);
    assert.equal(host.time.now(), START + 302_001);
  });

  test('the wall clock is followed again once it agrees, at the next tick already', () => {
    const host = new Host();
    host.time.welcome(START + 300_000, 0);
    host.wallMs += 250_000;
    assert.equal(host.time.observe(), false, 'nearer, but not there');
    assert.equal(host.time.correctionMs, 50_000);
    host.wallMs += 49_000;
    assert.equal(host.time.observe(), false, 'a second is no step');
    assert.equal(host.time.now(), START + 299_000);
    assert.equal(host.time.correctionMs, 0);
    host.wallMs += 10;
    host.time.observe();
    assert.equal(host.time.now(), START + 299_010, 'small changes are followed again');
  });

  test('a gateway whose own clock was wrong is left when it agrees with the host again', () => {
    const host = new Host();
    host.time.welcome(START + 3_600_000, 0);
    assert.equal(host.time.welcome(START + 100, 0), true);
    assert.equal(host.time.now(), START);
    assert.equal(host.time.correctionMs, 0);
  });

  test('a step away from what the gateway said is not followed', () => {
    const host = new Host();
    host.time.welcome(START + 500, 0);
    host.pass(10_000);
    host.wallMs -= 3_600_000;
    assert.equal(host.time.observe(), false);
    assert.equal(host.time.now(), START + 10_000, 'the time from before the step goes on');
    assert.equal(host.time.correctionMs, 3_600_000);
    host.wallMs += 3_600_000;
    assert.equal(host.time.observe(), false);
    assert.equal(host.time.correctionMs, 0);
  });

  test('a smaller step is followed', () => {
    const host = new Host();
    host.time.welcome(START, 0);
    host.wallMs += 60_000;
    assert.equal(host.time.observe(), true);
    assert.equal(host.time.now(), START + 60_000);
  });

  test('a step that no tick has seen yet is seen at the welcome, before anything is sent', () => {
    const host = new Host();
    host.wallMs += 30_000;
    assert.equal(host.time.welcome(START + 30_000, 0), true);
    assert.equal(host.time.now(), START + 30_000);
  });
});

describe('what a gateway said to an earlier process', () => {
  const known = { boot: 'boot-1', offset: START - 5_000 + 3_600_000 };
  const process = (boot: string, knownTo: typeof known | null = known) =>
    new Timekeeper(() => START, { boot, now: () => 5_000 }, knownTo);

  test('holds for the same boot', () => {
    const time = process('boot-1');
    assert.deepEqual([time.isSure, time.now(), time.correctionMs], [true, START + 3_600_000, 3_600_000]);
    assert.deepEqual(time.gatewayClock, known);
  });

  test('means nothing to another boot, nor where nothing was said', () => {
    for (const time of [process('boot-2'), process('boot-1', null)]) {
      assert.deepEqual([time.isSure, time.now(), time.gatewayClock], [false, START, null]);
    }
  });

  test('leaves a wall clock that agrees by now', () => {
    const time = process('boot-1', { boot: 'boot-1', offset: START - 5_000 + 60_000 });
    assert.deepEqual([time.isSure, time.now(), time.correctionMs], [true, START, 0]);
  });
});

test('once a gateway found its times too far ahead, the wall clock is believed only where it agrees', () => {
  const host = new Host();
  host.time.welcome(START - 119_500, 0);
  assert.equal(host.time.correctionMs, 0);
  host.time.doubt();
  assert.equal(host.time.welcome(START - 119_900, 0), true);
  assert.equal(host.time.now(), START - 119_900);
  host.wallMs -= 119_900;
  host.time.observe();
  assert.equal(host.time.correctionMs, 0);
  host.time.welcome(host.wallMs - 100_000, 0);
  assert.equal(host.time.correctionMs, 0, 'the doubt is over');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../link/test-support.ts';
import { type ConnectionLimits, Connections, connectionLimits } from './connections.ts';

/** What is looked at of a socket; real ones are in http/connections.test.ts. */
class Socket {
  static port = 1;
  readonly remoteAddress: string;
  readonly remotePort = Socket.port++;
  destroyed = false;
  #closed: () => void = () => {};

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
  }

  once(_event: 'close', listener: () => void): void {
    this.#closed = listener;
  }

  destroy(): void {
    this.destroyed = true;
    this.#closed();
  }
}

function bench(limits: Partial<ConnectionLimits> = {}) {
  const clock = new FakeClock();
  const refused: string[] = [];
  const connections = new Connections(
    { pendingPerAddressMax: 3, pendingMax: 5, graceMs: 5_000, idleMax: 2, handshakeMsMax: 15_000, ...limits },
    (reason, address) => void refused.push(`${reason} ${address}`),
    clock.uptimeMs,
  );
  const open = (address: string) => {
    const socket = new Socket(address);
    connections.opened(socket);
    return socket;
  };
  return { clock, refused, connections, open };
}

test('ten thousand hosts of one address are let in, as long as they say who they are', () => {
  const { refused, connections, open } = bench(connectionLimits(20_000));
  for (let i = 0; i < 10_000; i++) connections.spoke(open('192.0.2.7'));
  assert.deepEqual([connections.size, connections.pending, refused], [10_000, 0, []]);
});

test('of those that only hold a place the oldest goes, and an honest one among them is let in', () => {
  const { clock, refused, connections, open } = bench();
  const held = [1, 2, 3].map(() => open('192.0.2.7'));
  clock.pass(5_001);
  const other = open('192.0.2.8');
  const honest = open('192.0.2.7');
  connections.spoke(honest);
  for (let i = 0; i < 20; i++) {
    clock.pass(2_000);
    open('192.0.2.7');
  }
  assert.deepEqual(
    [held.map(({ destroyed }) => destroyed), honest.destroyed, other.destroyed],
    [[true, true, true], false, false],
  );
  assert.deepEqual(new Set(refused), new Set(['address 192.0.2.7']));
  assert.deepEqual([connections.pending, connections.size], [4, 5]);
});

test('of a fleet that comes back faster than it can be let in, those that are under way are let in', () => {
  const { clock, refused, connections, open } = bench();
  const underWay = [1, 2, 3].map(() => open('192.0.2.7'));
  for (let i = 0; i < 100; i++) {
    clock.pass(10);
    assert.equal(open('192.0.2.7').destroyed, true);
  }
  assert.deepEqual(
    underWay.map(({ destroyed }) => destroyed),
    [false, false, false],
  );
  for (const socket of underWay) connections.spoke(socket);
  assert.equal(open('192.0.2.7').destroyed, false);
  assert.equal(refused.length, 100);
});

test('all addresses together have a bound, too', () => {
  const { clock, refused, connections, open } = bench();
  const sockets = ['a', 'b', 'c', 'd', 'e'].map(open);
  clock.pass(5_001);
  open('f');
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [true, false, false, false, false],
  );
  assert.deepEqual([refused, connections.pending], [['handshakes a'], 5]);
});

test('whoever does not speak in time goes', () => {
  const { clock, refused, connections, open } = bench();
  const mute = open('a');
  clock.pass(10_000);
  const young = open('a');
  const fine = open('a');
  connections.spoke(fine);
  clock.pass(5_001);
  connections.tick();
  assert.deepEqual([mute.destroyed, young.destroyed, fine.destroyed], [true, false, false]);
  assert.deepEqual(refused, ['handshake_time a']);
  young.destroy();
  clock.pass(60_000);
  connections.tick();
  assert.deepEqual([refused.length, connections.size, connections.pending], [1, 1, 0]);
});

test('of idle ones the longest idle goes, and none that works', () => {
  const { refused, connections, open } = bench();
  const sockets = [1, 2, 3].map(() => open('a'));
  const [first, second, third] = sockets;
  assert.ok(first && second && third);
  for (const socket of sockets) connections.spoke(socket);
  for (const socket of [first, second]) connections.idles(socket);
  connections.works(first);
  connections.idles(first);
  assert.deepEqual([connections.idle, refused], [2, []]);
  connections.idles(third);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [false, true, false],
  );
  assert.deepEqual([connections.idle, refused], [2, ['idle a']]);
  connections.idles(second);
  assert.equal(connections.idle, 2);
});

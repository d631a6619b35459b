import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@tributary/shared/random';
import { FakeClock } from '../link/test-support.ts';
import { type ConnectionLimits, Connections, connectionLimits } from './connections.ts';

/** What is looked at of a socket; real ones are in http/connections.test.ts. */
class Socket {
  static port = 1;
  readonly remoteAddress: string;
  readonly remotePort = Socket.port++;
  destroyed = false;
  bytesRead = 0;
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
    { pendingPerAddressMax: 3, pendingMax: 5, idleMax: 2, handshakeMsMax: 15_000, ...limits },
    (reason, address) => void refused.push(`${reason} ${address}`),
    clock.uptimeMs,
    randomOf(1),
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

/** Milliseconds that an honest one takes until it has spoken, and until its first bytes are read. */
const SPEAK_MS = 100;
const READ_MS = 20;

/** How many of 250 honest connections of `address` come through, one every 40 ms, while others do what they do in each millisecond. */
function comeThrough(
  { clock, connections, open }: ReturnType<typeof bench>,
  address: string,
  others: () => void,
) {
  const underWay: { readonly socket: Socket; readonly at: number }[] = [];
  let through = 0;
  for (let ms = 0; ms < 10_000 + SPEAK_MS; ms++) {
    clock.pass(1);
    if (ms % 1000 === 0) connections.tick();
    others();
    if (ms % 40 === 0 && ms < 10_000) underWay.push({ socket: open(address), at: ms });
    for (const { socket, at } of underWay) if (ms === at + READ_MS) socket.bytesRead = 500;
    if (underWay[0] === undefined || ms < underWay[0].at + SPEAK_MS) continue;
    const { socket } = underWay.shift() ?? {};
    if (socket === undefined || socket.destroyed) continue;
    connections.spoke(socket);
    through++;
  }
  return through;
}

for (const bytesRead of [0, 1]) {
  const who = bytesRead === 0 ? 'say nothing' : 'say something';
  test(`an honest one comes through beside six hundred of its address that ${who} and come again when they are cut`, () => {
    const made = bench(connectionLimits(20_000));
    const held: Socket[] = [];
    const hold = () => {
      const socket = made.open('192.0.2.7');
      socket.bytesRead = bytesRead;
      held.push(socket);
    };
    for (let i = 0; i < 600; i++) hold();
    let at = 0;
    const through = comeThrough(made, '192.0.2.7', () => {
      // One a millisecond is looked at, and one of two comes again: at most 500 a second.
      at = (at + 1) % held.length;
      if (at % 2 === 0 && held[at]?.destroyed) {
        held.splice(at, 1);
        hold();
      }
    });
    assert.ok(through > 215, `${through} of 250`);
    assert.ok(made.connections.pending <= 512);
  });
}

test('whoever holds all places from five addresses keeps nobody out who comes from a sixth', () => {
  const made = bench(connectionLimits(20_000));
  let i = 0;
  const others = () => void made.open(`192.0.2.${i++ % 5}`);
  for (let k = 0; k < 3000; k++) others();
  assert.equal(made.connections.pending, 2048);
  assert.equal(comeThrough(made, '198.51.100.1', others), 250);
});

test('a fleet of ten thousand that comes back at once by slow TLS from one address is let in', () => {
  const { clock, connections, open } = bench(connectionLimits(20_000));
  const random = randomOf(2);
  /** By the millisecond in which they come. */
  const coming = new Map<number, number>();
  const comeAt = (ms: number) => coming.set(ms, (coming.get(ms) ?? 0) + 1);
  for (let host = 0; host < 10_000; host++) comeAt(random.below(5_000));
  // What is read in turn, 500 a second, and has spoken a moment later.
  let toRead: Socket[] = [];
  let underWay: { readonly socket: Socket; readonly at: number }[] = [];
  let through = 0;
  let ms = 0;
  for (; through < 10_000 && ms < 180_000; ms++) {
    clock.pass(1);
    if (ms % 1000 === 0) connections.tick();
    for (let i = coming.get(ms) ?? 0; i > 0; i--) toRead.push(open('192.0.2.7'));
    const again = () => comeAt(ms + 1000 + random.below(14_000));
    if (ms % 2 === 0) {
      const next = toRead.findIndex(({ destroyed }) => !destroyed);
      for (let i = next < 0 ? toRead.length : next; i > 0; i--) again();
      const socket = toRead[next];
      toRead = next < 0 ? [] : toRead.slice(next + 1);
      if (socket !== undefined) {
        socket.bytesRead = 500;
        underWay.push({ socket, at: ms + 20 });
      }
    }
    for (const { socket, at } of underWay) {
      if (at > ms) break;
      if (socket.destroyed) again();
      else through++;
      connections.spoke(socket);
    }
    underWay = underWay.filter(({ at }) => at > ms);
  }
  assert.equal(through, 10_000);
  assert.ok(ms < 60_000, `${ms} ms`);
});

test('of those of which nothing was read one goes before those that are under way', () => {
  const { refused, connections, open } = bench({ pendingPerAddressMax: 100, pendingMax: 500 });
  const underWay = Array.from({ length: 50 }, () => open('192.0.2.7'));
  for (const socket of underWay) socket.bytesRead = 1;
  for (let i = 0; i < 200; i++) open('192.0.2.7');
  assert.ok(underWay.filter(({ destroyed }) => destroyed).length < 10);
  assert.deepEqual([refused.length, new Set(refused)], [150, new Set(['address 192.0.2.7'])]);
  for (const socket of underWay) connections.spoke(socket);
  assert.equal(open('192.0.2.7').destroyed, false);
});

test('all addresses together have a bound, too, and one that has the most pays for it', () => {
  const { refused, connections, open } = bench();
  const most = ['a', 'a', 'b', 'c', 'd'].map(open).slice(0, 2);
  open('e');
  assert.equal(most.filter(({ destroyed }) => destroyed).length, 1);
  open('f');
  assert.deepEqual([refused.length, refused[0], connections.pending], [2, 'handshakes a', 5]);
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

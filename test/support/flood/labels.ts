/** One host that says something new in every label: shapes of thousands of series that nobody has seen, each with a batch. */
import { setTimeout as delay } from 'node:timers/promises';
import { batch, hello, identity } from '../frames.ts';
import { encodeFrame, RawSocket, upgradeRequest } from '../fuzz/web-socket.ts';
import type { AttackCounts } from './attack.ts';

const SERIES_PER_SHAPE = 2_000;
/** Shapes that are on their way at a time. */
const AHEAD = 4;
const ANSWER_MS = 30_000;
const AGAIN_MS = 100;

/** Ends when so many values were sent. */
export async function labels(port: number, values: number, counts: AttackCounts): Promise<void> {
  while (counts.values < values) {
    const socket = new RawSocket(port);
    counts.connections++;
    await flood(socket, port, values, counts);
    socket.cut();
    await delay(AGAIN_MS);
  }
}

async function flood(socket: RawSocket, port: number, values: number, counts: AttackCounts): Promise<void> {
  const send = (frame: object) => {
    const bytes = encodeFrame(Buffer.from(JSON.stringify(frame)));
    counts.bytes += bytes.length;
    socket.write(bytes);
  };
  socket.write(upgradeRequest(port, false));
  await socket.until(() => socket.status !== 0, ANSWER_MS);
  send(hello(identity('many-labels')));
  if ((await socket.until(() => socket.find('welcome') !== undefined, ANSWER_MS)) !== 'yes') return;
  for (let seq = 1; counts.values < values && !socket.isClosed && socket.closeCode === 0; seq++) {
    send(newShape(seq, counts.values));
    send(batch(seq, { [seq]: Array.from({ length: SERIES_PER_SHAPE }, (_, i) => i) }));
    counts.values += SERIES_PER_SHAPE;
    const wanted = () => socket.acked >= seq - AHEAD || socket.closeCode !== 0;
    if ((await socket.until(wanted, ANSWER_MS)) === 'silence') return;
    // Only the last is looked at.
    socket.answers.splice(0, Math.max(0, socket.answers.length - AHEAD));
  }
}

function newShape(id: number, first: number): object {
  const series = Array.from({ length: SERIES_PER_SHAPE }, (_, i) => ['', { request: `id-${first + i}` }]);
  const family = { name: 'requests_seen', type: 'gauge', help: 'Each one.', series };
  return { kind: 'shape', id, labels: { job: 'node' }, families: [family] };
}

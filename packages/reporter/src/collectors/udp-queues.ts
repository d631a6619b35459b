/** node_udp_queues from `/proc/net/udp` and `udp6`: bytes that wait in the queues of all UDP sockets together. */
import { join } from 'node:path';
import { type Collector, NoDataError, type Roots } from './collector.ts';
import { badLine, eachLine, hexIn, parseOptional, words } from './source.ts';

export interface QueuedBytes {
  readonly tx: number;
  readonly rx: number;
}

/** One socket a line, its fifth column being `TX:RX` in hexadecimal. */
export function parseUdpQueues(text: string): QueuedBytes {
  let tx = 0;
  let rx = 0;
  eachLine(text, (line) => {
    const columns = words(line);
    if (columns[0] === 'sl') return;
    const [sent, received] = (columns[4] ?? '').split(':');
    if (received === undefined) throw badLine('expected tx_queue:rx_queue in the fifth field', line);
    tx += hexIn(sent, line);
    rx += hexIn(received, line);
  });
  return { tx, rx };
}

export function createUdpQueuesCollector(roots: Roots): Collector {
  const versions = [
    { ip: 'v4', path: join(roots.proc, 'net/udp') },
    { ip: 'v6', path: join(roots.proc, 'net/udp6') },
  ];
  return {
    name: 'udp_queues',
    collect(out) {
      const queues = versions.map(({ ip, path }) => ({ ip, bytes: parseOptional(path, parseUdpQueues) }));
      if (queues.every(({ bytes }) => bytes === null)) throw new NoDataError('there is no UDP');
      const help = 'Number of allocated memory in the kernel for UDP datagrams in bytes.';
      out.family('node_udp_queues', 'gauge', help, ['queue', 'ip']);
      for (const { ip, bytes } of queues) {
        if (bytes === null) continue;
        out.add(bytes.tx, 'tx', ip);
        out.add(bytes.rx, 'rx', ip);
      }
    },
  };
}

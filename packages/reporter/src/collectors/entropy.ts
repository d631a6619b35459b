/** node_entropy_* from `/proc/sys/kernel/random`. */
import { join } from 'node:path';
import type { Collector, Roots } from './collector.ts';
import { parseFile, parseNumber } from './source.ts';

export function createEntropyCollector(roots: Roots): Collector {
  const available = join(roots.proc, 'sys/kernel/random/entropy_avail');
  const size = join(roots.proc, 'sys/kernel/random/poolsize');
  return {
    name: 'entropy',
    collect(out) {
      const bits = parseFile(available, parseNumber);
      const poolBits = parseFile(size, parseNumber);
      out.family('node_entropy_available_bits', 'gauge', 'Bits of available entropy.');
      out.add(bits);
      out.family('node_entropy_pool_size_bits', 'gauge', 'Bits of entropy pool.');
      out.add(poolBits);
    },
  };
}

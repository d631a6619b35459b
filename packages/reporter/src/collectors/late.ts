/** A collector that is loaded in its first tick: what most reporters never need costs them no memory. */
import type { Collector } from './collector.ts';

export function createLateCollector(name: string, load: () => Promise<Collector>): Collector {
  let loading: Promise<Collector> | null = null;
  let loaded: Collector | null = null;
  return {
    name,
    isStuck: () => loaded?.isStuck?.() === true,
    async collect(out, signal) {
      loading ??= load();
      loaded = await loading;
      await loaded.collect(out, signal);
    },
  };
}

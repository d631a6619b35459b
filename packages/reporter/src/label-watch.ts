/**
 * Looks out for a `--label` that hides a label of the host's own series. The gateway gives the target's labels precedence, as
 * Prometheus does, and the series' own goes out as `exported_…`, where nobody looks for it.
 *
 * What is looked at are the shapes that are really told, each once: which labels there are depends on the collectors that
 * are on and on the host's devices.
 */
import type { Shape } from '@tributary/shared/shape';
import type { Layer } from './collectors/feed.ts';

/** All that is wanted of a log here. */
export interface WatchLog {
  warn(fields: object, message: string): void;
}

/** Warns once of each label. @param labels those that every series of this host is given. */
export function createLabelWatch(
  labels: ReadonlyMap<string, string>,
  log: WatchLog,
): (layers: readonly Layer[]) => void {
  const quiet = new Set(labels.keys());
  const seen = new WeakSet<Shape>();
  return (layers) => {
    if (quiet.size === 0) return;
    for (const layer of layers) {
      for (const { shape } of layer) {
        if (seen.has(shape)) continue;
        seen.add(shape);
        for (const label of [...quiet]) {
          const metric = metricWith(shape, label);
          if (metric === null) continue;
          quiet.delete(label);
          log.warn(
            { label, renamed: `exported_${label}`, metric },
            "series of this host have a label of the same name as a --label: the gateway renames theirs, and dashboards made for node_exporter find the --label's value in its place; choose another name",
          );
        }
      }
    }
  };
}

/** A family of the shape, one of whose series has this label of its own; null when none has, or the target has not. */
function metricWith({ labels, families }: Shape, label: string): string | null {
  if (!Object.hasOwn(labels, label)) return null;
  const family = families.find(({ series }) => series.some(([, own]) => Object.hasOwn(own, label)));
  return family?.name ?? null;
}

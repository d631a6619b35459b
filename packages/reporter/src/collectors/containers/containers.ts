/**
 * container_* of every running container, with cAdvisor's names, where Docker or Podman answers on its socket.
 *
 * The runtime is asked rarely and beside the ticks, and only which containers there are (inventory.ts): a tick waits for no
 * daemon. Figures come from the kernel, from control groups (cgroup-v1.ts, cgroup-v2.ts) and `/proc/PID/net/dev`, as fresh
 * as the host's own. So a runtime that hangs, or is being restarted, costs an error and the news of containers, not the
 * figures of those that run.
 *
 * This file is all that a host without containers loads.
 */
import { numberOption, type OptionValues, textsOption } from '@tributary/shared/options';
import { type Collector, NoDataError, type Roots } from '../collector.ts';
import { patternOption } from '../collector-options.ts';
import { createSocketFinder, parseSockets } from './sockets.ts';
import type { ContainerWatch } from './watch.ts';

/**
 * Labels by which dashboards group containers. cAdvisor tells all by default: labels of images among them, such as
 * descriptions, which say the same of each of some sixty series.
 */
const LABELS_DEFAULT = [
  String.raw`com\.docker\.compose\.(project|service)`,
  String.raw`com\.docker\.(stack\.namespace|swarm\.service\.name)`,
  String.raw`io\.kubernetes\.(container\.name|pod\.name|pod\.namespace)`,
  'PODMAN_SYSTEMD_UNIT',
].join('|');

/** Of all, the details are kept; the series of a host would not do for as many. */
const LIMIT_MAX = 1_000;

export const CONTAINERS_OPTIONS = {
  socket: textsOption({
    help: 'Socket of a container runtime to ask, instead of the usual ones of Docker and Podman; may be repeated.',
    placeholder: 'PATH',
    parse: parseSockets,
  }),
  'label-include': patternOption({
    help: "Which of the containers' own labels to tell, as container_label_NAME; all of a label's name has to match.",
    default: LABELS_DEFAULT,
    anchored: true,
  }),
  limit: numberOption({
    help: 'How many containers to tell; those left out are counted.',
    default: 100,
    min: 1,
    max: LIMIT_MAX,
  }),
};

export interface ContainersParts {
  readonly roots: Roots;
  /** Where to look unless the options say it: see `usualSockets`. */
  readonly usualSockets: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In ms. */
  readonly monotonic: () => number;
  /** Half of what a host may have, unless given; containers beyond it are left out and counted. */
  readonly seriesMax?: number;
}

const SERIES_MAX = 10_000;

export function createContainersCollector(
  { roots, usualSockets, now, monotonic, seriesMax = SERIES_MAX }: ContainersParts,
  options: OptionValues<typeof CONTAINERS_OPTIONS>,
): Collector {
  const sockets = createSocketFinder(options.socket, usualSockets, monotonic);
  let watch: ContainerWatch | null = null;
  return {
    name: 'containers',
    async collect(out, signal) {
      if (sockets().length === 0 && watch?.isEmpty !== false)
        throw new NoDataError('there is no socket of Docker or Podman');
      watch ??= await loadWatch();
      await watch.collect(out, signal);
    },
  };

  /** Not before there is something to ask: it brings Node's HTTP client with it. */
  async function loadWatch(): Promise<ContainerWatch> {
    const [{ ContainerWatch }, { createEngineApi }] = await Promise.all([
      import('./watch.ts'),
      import('./engine-api.ts'),
    ]);
    return new ContainerWatch({
      roots,
      sockets,
      limit: options.limit,
      seriesMax,
      api: createEngineApi(options['label-include']),
      now,
      monotonic,
    });
  }
}

/**
 * The state of the clock's discipline: how far it is off, by how much it may err, and whether anything keeps it.
 *
 * The numbers come from a child process (timex-call.ts) once in five minutes, between ticks: what they say moves slowly, a
 * process costs as much as a whole tick, and no tick starts one or waits for one, but for the first tick of all. A host that
 * has nothing to make the call with, and one that refuses it, has no data, as node_exporter has none then.
 */
import type { MetricType } from '@tributary/shared/shape';
import { type Collector, type ColumnWriter, NoDataError } from './collector.ts';
import { type AskTimex, askTimex, parseTimex, type Timex } from './timex-call.ts';

const TIME_ERROR = 5;
/** In `status`: the offset and the jitter are in nanoseconds, not microseconds. */
const STA_NANO = 0x2000;
const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;
/** Frequencies are parts per million with 16 bits behind the point. */
const SCALED_PPM = 65_536 * 1e6;

const fraction = ({ status }: Timex) => ((status & STA_NANO) === 0 ? MICROSECONDS : NANOSECONDS);

interface TimexFamily {
  readonly name: string;
  readonly help: string;
  readonly value: (timex: Timex) => number;
}

const FAMILIES: readonly TimexFamily[] = [
  {
    name: 'sync_status',
    help: 'Is clock synchronized to a reliable server (1 = yes, 0 = no).',
    value: ({ state }) => (state === TIME_ERROR ? 0 : 1),
  },
  {
    name: 'offset_seconds',
    help: 'Time offset in between local system and reference clock.',
    value: (timex) => timex.offset / fraction(timex),
  },
  {
    name: 'frequency_adjustment_ratio',
    help: 'Local clock frequency adjustment.',
    value: ({ freq }) => 1 + freq / SCALED_PPM,
  },
  {
    name: 'maxerror_seconds',
    help: 'Maximum error in seconds.',
    value: ({ maxerror }) => maxerror / MICROSECONDS,
  },
  {
    name: 'estimated_error_seconds',
    help: 'Estimated error in seconds.',
    value: ({ esterror }) => esterror / MICROSECONDS,
  },
  { name: 'status', help: 'Value of the status array bits.', value: ({ status }) => status },
  {
    name: 'loop_time_constant',
    help: 'Phase-locked loop time constant.',
    value: ({ constant }) => constant,
  },
  { name: 'tick_seconds', help: 'Seconds between clock ticks.', value: ({ tick }) => tick / MICROSECONDS },
  {
    name: 'pps_frequency_hertz',
    help: 'Pulse per second frequency.',
    value: ({ ppsfreq }) => ppsfreq / SCALED_PPM,
  },
  {
    name: 'pps_jitter_seconds',
    help: 'Pulse per second jitter.',
    value: (timex) => timex.jitter / fraction(timex),
  },
  { name: 'pps_shift_seconds', help: 'Pulse per second interval duration.', value: ({ shift }) => shift },
  {
    name: 'pps_stability_hertz',
    help: 'Pulse per second stability, average of recent frequency changes.',
    value: ({ stabil }) => stabil / SCALED_PPM,
  },
  {
    name: 'pps_jitter_total',
    help: 'Pulse per second count of jitter limit exceeded events.',
    value: ({ jitcnt }) => jitcnt,
  },
  {
    name: 'pps_calibration_total',
    help: 'Pulse per second count of calibration intervals.',
    value: ({ calcnt }) => calcnt,
  },
  {
    name: 'pps_error_total',
    help: 'Pulse per second count of calibration errors.',
    value: ({ errcnt }) => errcnt,
  },
  {
    name: 'pps_stability_exceeded_total',
    help: 'Pulse per second count of stability limit exceeded events.',
    value: ({ stbcnt }) => stbcnt,
  },
  { name: 'tai_offset_seconds', help: 'International Atomic Time (TAI) offset.', value: ({ tai }) => tai },
];

function write(out: ColumnWriter, timex: Timex): void {
  for (const { name, help, value } of FAMILIES) {
    const type: MetricType = name.endsWith('_total') ? 'counter' : 'gauge';
    out.family(`node_timex_${name}`, type, help);
    out.add(value(timex));
  }
}

export const TIMEX_EVERY_MS = 5 * 60_000;
/** After what may have been a passing failure, such as a child that took too long. */
export const TIMEX_AGAIN_MS = 60_000;
/** After a tick, so that a child never competes with the collectors. */
const BETWEEN_TICKS_MS = 500;

/**
 * @param now the time of day in ms, by which the next call is due.
 * @param ask in place of the system's programs, in tests.
 */
export function createTimexCollector(now: () => number, ask: AskTimex = askTimex): Collector {
  let last: Timex | Error | null = null;
  let askedAt = 0;
  let asking: Promise<void> | null = null;
  /** Set when there is nothing to ask with: looking for it again would cost a process each time. */
  let isHopeless = false;
  const everyMs = () =>
    last instanceof Error && !(last instanceof NoDataError) ? TIMEX_AGAIN_MS : TIMEX_EVERY_MS;
  const start = async (): Promise<void> => {
    askedAt = now();
    try {
      const text = await ask();
      isHopeless = text === null;
      last = text === null ? new NoDataError('there is neither perl nor python3') : parseTimex(text);
    } catch (error) {
      last = error instanceof Error ? error : new Error(String(error));
    } finally {
      asking = null;
    }
  };
  return {
    name: 'timex',
    async collect(out) {
      if (last === null) {
        asking ??= start();
        await asking;
        // A clock that was set back by more than that is one more reason to ask.
      } else if (asking === null && !isHopeless && Math.abs(now() - askedAt) >= everyMs()) {
        asking = new Promise((resolve) => {
          setTimeout(() => void start().then(resolve), BETWEEN_TICKS_MS).unref();
        });
      }
      if (last instanceof Error) throw last;
      if (last !== null) write(out, last);
    },
  };
}

/** What the simulator and its test say to each other: one JSON object a line on stdin, one on stdout. */
import type { Labels } from '@tributary/shared/shape';

/** A virtual host. Two may have one name: a clone and its original. */
export interface HostSpec {
  /** Names it here. */
  readonly id: string;
  /** Its host name. */
  readonly name: string;
  readonly spool: string;
  readonly gatewayUrl: string;
  readonly intervalMs: number;
  readonly series: number;
  readonly seed: number;
  readonly labels: Labels;
  /** Written into an empty spool before anything else; 0 for none. */
  readonly historyMs: number;
  readonly retentionMs: number;
  readonly bytesMax: number;
  readonly keepAckedMs: number;
  /** What its wall clock is ahead of the truth at its start. */
  readonly wallOffsetMs: number;
  /** How often it was booted before. */
  readonly boot: number;
  /** Whether it connects at once. */
  readonly connect: boolean;
  /** Whether it samples at once. */
  readonly tick: boolean;
}

export interface HostStats {
  readonly id: string;
  readonly name: string;
  readonly epoch: string;
  readonly oldest: number;
  readonly next: number;
  readonly sent: number;
  readonly acked: number;
  readonly delivered: number;
  readonly lastAt: number;
  readonly isStreaming: boolean;
  readonly isParked: boolean;
  readonly connects: number;
  readonly missedTicks: number;
  readonly epochsBegun: number;
  readonly rejects: Readonly<Record<string, number>>;
  readonly skips: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  /** Batches that the spool dropped before they were acked. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface HistoryStats {
  readonly batches: number;
  readonly tookMs: number;
}

export type Command =
  | { readonly do: 'start'; readonly hosts: readonly HostSpec[] }
  /** Closes the spools; the hosts are gone. */
  | { readonly do: 'stop'; readonly ids: readonly string[] }
  | { readonly do: 'tick' | 'rest' | 'connect' | 'disconnect' | 'reboot'; readonly ids: readonly string[] }
  /** Sets the wall clocks. */
  | { readonly do: 'step'; readonly ids: readonly string[]; readonly ms: number }
  /** Copies a spool as a snapshot of the disk would. */
  | { readonly do: 'copy'; readonly ids: readonly string[]; readonly to: string }
  | { readonly do: 'stats' }
  /** How long each batch's ack has taken since this was asked last, over all hosts. */
  | { readonly do: 'latencies' };

export interface Reply {
  /** The command's number. */
  readonly reply: number;
  readonly error?: string;
  readonly history?: HistoryStats;
  readonly stats?: readonly HostStats[];
  /** In ms, from the batch sent to its ack. */
  readonly latencies?: readonly number[];
  /** The longest turn of the simulator's own event loop since, in ms: an ack cannot be seen to be faster. */
  readonly longestTurnMs?: number;
}

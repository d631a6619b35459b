/** The limits that stand on a host, by the names that the metrics and the API call them (docs/LIMITS.md). */
import type { FaultLimit } from '@tributary/shared/errors';

export const HOST_LIMITS = [
  'samples',
  'new_series',
  'series',
  'declared_series',
  'labels',
  'name_length',
  'value_length',
  'help_length',
  'frame_bytes',
  'control_frames',
  'hosts',
  'hellos',
] as const;

export type HostLimit = (typeof HOST_LIMITS)[number];

/** Those over which a host is slowed; over the others, what is too much is turned away. */
export type RateLimit = Extract<HostLimit, 'samples' | 'new_series'>;

// What a shape can be at fault with are limits of hosts.
true satisfies FaultLimit extends HostLimit ? true : false;

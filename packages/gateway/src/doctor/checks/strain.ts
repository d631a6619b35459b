/** Whether the gateway protects itself by having its hosts report less often. */
import { act, type Change, type Finding, finding } from '../finding.ts';
import type { GatewayFacts } from '../gateway-facts.ts';
import { onlyValue } from '../samples.ts';
import { bytes, duration } from '../words.ts';
import type { Facts } from './facts.ts';

/** It takes a step back below that share only, so above it memory is the likely reason. */
const NEAR_MEMORY = 0.9;
const MEANS =
  'Nothing is lost, but samples come less often, and a backlog is served in smaller parts. It ends by itself when there is room.';

export function checkStrain({ gateway, prometheus }: Facts): Finding[] {
  const level = onlyValue(gateway.own, 'tributary_gateway_strain_level') ?? 0;
  if (level > 0) return [slows(gateway)];
  if ((prometheus?.recent?.strained ?? []).length === 0) return [];
  return [
    finding('GATEWAY_SLOWS_HOSTS', {
      severity: 'note',
      what: 'In the last hour the gateway was over a limit of its own, and had its hosts report less often; it is so no longer.',
      means: MEANS,
      change: act(
        'the log of the gateway',
        'it says when, and whether it was --limits.cpu-percent or --limits.memory',
      ),
    }),
  ];
}

function slows({ own, flags }: GatewayFacts): Finding {
  const used = onlyValue(own, 'process_resident_memory_bytes') ?? 0;
  const limit = onlyValue(own, 'tributary_gateway_memory_limit_bytes') ?? 0;
  const pace = onlyValue(own, 'tributary_gateway_pace_seconds') ?? 0;
  const isMemory = limit > 0 && used > NEAR_MEMORY * limit;
  const why = isMemory
    ? `takes ${bytes(used)} of memory, and --limits.memory is ${bytes(limit)}`
    : `is busy for more than --limits.cpu-percent (${flags.get('limits.cpu-percent') ?? 90} %) of the time`;
  return finding('GATEWAY_SLOWS_HOSTS', {
    what: `The gateway ${why}: it asks its hosts to report ${pace > 0 ? `no more often than every ${duration(pace * 1000)}` : 'less often'}.`,
    means: MEANS,
    change: cure(isMemory),
  });
}

function cure(isMemory: boolean): Change {
  return isMemory
    ? act(
        'the machine of the gateway',
        'give it more memory, and then --limits.memory if that is set; or let a second gateway have some of its hosts',
      )
    : act(
        'the machine of the gateway',
        'give it a quicker processor that it need not share; or let a second gateway have some of its hosts',
        '# or let the hosts report less often anyway: --interval 30s of the reporters',
      );
}

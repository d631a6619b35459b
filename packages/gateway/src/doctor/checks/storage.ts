/** Whether there is room for what comes. */
import { parseSize } from '@tributary/shared/units';
import { act, type Finding, finding, gatewayOption } from '../finding.ts';
import type { GatewayFacts } from '../gateway-facts.ts';
import type { Recent } from '../recent.ts';
import { onlyValue, sumsBy } from '../samples.ts';
import { bytes, count } from '../words.ts';
import type { Facts } from './facts.ts';

const FULL_SHARE = 0.9;
/** SQLite writes its log beside the file, and a checkpoint needs some more. */
const FREE_BYTES_MIN = 256 * 1024 * 1024;

export function checkStorage({ gateway, prometheus }: Facts): Finding[] {
  const recent = prometheus?.recent ?? null;
  return [...checkDisk(gateway), ...checkLedger(gateway, recent), ...checkCommits(gateway)];
}

function checkDisk(gateway: GatewayFacts): Finding[] {
  const { diskFreeBytes: free, ledgerBytes } = gateway;
  const toCome = Math.max(0, limitOf(gateway) - ledgerBytes);
  if (free === null || free >= Math.max(FREE_BYTES_MIN, toCome)) return [];
  const isNow = free < FREE_BYTES_MIN;
  const affordable = Math.max(1, Math.floor((ledgerBytes + free - FREE_BYTES_MIN) / 1024 / 1024));
  return [
    finding('DISK_NEARLY_FULL', {
      severity: isNow ? 'error' : 'warning',
      what: isNow
        ? `The disk of --storage.path has ${bytes(free)} left.`
        : `The disk of --storage.path has ${bytes(free)} left, and the ledger may still grow by ${bytes(toCome)}.`,
      means: 'When it is full nothing is acked any more, and the reporters keep what they take.',
      change: isNow
        ? act('the machine of the gateway', 'make room on the disk of --storage.path')
        : gatewayOption('storage.retention.size', `${affordable}MB`, ['# or make room on its disk']),
    }),
  ];
}

function checkLedger(gateway: GatewayFacts, recent: Recent | null): Finding[] {
  const { own, ledgerBytes } = gateway;
  const limit = limitOf(gateway);
  const trimmed = sumsBy(own.get('tributary_ledger_trimmed_batches_total') ?? [], 'reason').get('size') ?? 0;
  const twice = `${Math.max(1, Math.round((2 * limit) / 1024 / 1024))}MB`;
  const isOver = recent !== null && recent.trimmed.length === 0;
  const found: Finding[] = [];
  if (trimmed > 0)
    found.push(
      finding('LEDGER_TRIMMED_FOR_SIZE', {
        severity: isOver ? 'note' : 'warning',
        what: `The ledger has ${bytes(limit)}, and has removed ${count(trimmed, 'batch', 'batches')} for want of room since the gateway started${isOver ? ', none in the last hour' : ''}.`,
        means:
          'The oldest go first that every scraper has taken. When only others are left, nothing more is taken from hosts.',
        change: gatewayOption('storage.retention.size', twice, ['# or a shorter retention: {time: …}']),
      }),
    );
  const isTold = trimmed > 0 && !isOver;
  if (isTold || limit === 0 || ledgerBytes < FULL_SHARE * limit) return found;
  return [
    ...found,
    finding('LEDGER_NEARLY_FULL', {
      what: `The ledger has used ${bytes(ledgerBytes)} of its ${bytes(limit)}.`,
      means:
        'The oldest samples go first. When all that is left is what no scraper has taken, hosts are no longer acked.',
      change: gatewayOption('storage.retention.size', twice),
    }),
  ];
}

function checkCommits({ own }: GatewayFacts): Finding[] {
  const failures = onlyValue(own, 'tributary_ledger_commit_failures_total') ?? 0;
  if (failures === 0 || onlyValue(own, 'tributary_ledger_healthy') === 0) return [];
  return [
    finding('COMMITS_FAILED', {
      what: `The disk has refused ${count(failures, 'commit')} since the gateway started; it takes them again.`,
      means: 'Each was tried again, and nothing was acked before it was written.',
      change: act(
        'the machine of the gateway',
        'see the log of the gateway for the reason, and look at the disk',
      ),
    }),
  ];
}

function limitOf({ ledgerLimitBytes, flags }: GatewayFacts): number {
  return ledgerLimitBytes || (parseSize(flags.get('storage.retention.size') ?? '') ?? 0);
}

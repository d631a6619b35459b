/** Cursors on a log in memory, with one host. */
import type { BatchEntry } from '../../ledger/ledger.ts';
import { columnOf, FakeClock, gauges, shapeOf } from '../../link/test-support.ts';
import { ScrapeConnection } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { Delivery } from './delivery.ts';
import { MemoryLog } from './memory-log-test-support.ts';
import { untaken } from './place.ts';
import type { ScopeKey } from './scopes.ts';
import { Scrapers } from './scrapers.ts';

export const FLEET: ScopeKey = { name: '', includesHost: () => true };
const SHAPE = shapeOf(gauges('a'));
export const MINUTE_MS = 60_000;

export class Bench {
  readonly clock = new FakeClock();
  readonly log: MemoryLog;
  readonly tooMany: string[] = [];
  readonly tooManyConnections: string[] = [];
  readonly faults: unknown[] = [];
  readonly told: string[] = [];
  scrapers: Scrapers;

  /** @param ageMs of the ledger */
  constructor(ageMs = 86_400_000) {
    this.log = new MemoryLog(this.clock.now() - ageMs);
    this.scrapers = this.start();
  }

  start(): Scrapers {
    this.scrapers = new Scrapers({
      ledger: this.log,
      hosts: () => ['web-1'],
      clock: this.clock,
      uptimeMs: this.clock.uptimeMs,
      windowMs: () => 50 * MINUTE_MS,
      overlapMs: MINUTE_MS,
      onFault: (error) => this.faults.push(error),
      observer: {
        tooMany: (name) => this.tooMany.push(name),
        tooManyConnections: (address) => this.tooManyConnections.push(address),
        began: ({ name, selection }, address, since) =>
          this.told.push(
            `${name} ${selection} of ${address} ${(this.clock.now() - since) / MINUTE_MS} min back`,
          ),
        gaveWay: ({ name, selection }) => this.told.push(`${name} ${selection} gave way`),
      },
    });
    return this.scrapers;
  }

  /** Entries of web-1, so many minutes ago each. */
  append(...minutesAgo: number[]): void {
    const first = (this.log.tail('web-1')?.end.seq ?? 0) + 1;
    const entries = minutesAgo.map((minutes, i): BatchEntry => {
      const at = this.clock.now() - minutes * MINUTE_MS;
      return {
        kind: 'batch',
        seq: first + i,
        at,
        contentHash: 1,
        groups: [{ shape: SHAPE, at, column: columnOf(1) }],
      };
    });
    this.log.append('web-1', 'e1', entries);
  }

  open(
    name: string | null,
    selection = '',
    connection = this.connect(),
    beginMs: number | null = null,
  ): Promise<Cursor | null> {
    return this.scrapers.open({ name, selection, connection, beginMs, isProxied: false });
  }

  connect(address = '10.0.0.1'): ScrapeConnection {
    return new ScrapeConnection(address, this.clock.uptimeMs());
  }

  /** Two scrapes, the second of which proves the first: everything that there is is taken. */
  takeAll(cursor: Cursor, connection = this.connect()): void {
    for (let i = 0; i < 2; i++) {
      connection.requested();
      const asking = { timeoutMs: 10_000, proxied: false, connectedAt: 0, pointsMax: 1_000_000 };
      const now = this.clock.uptimeMs();
      const scope = cursor.ask(FLEET, now, asking);
      const tail = this.log.tail('web-1');
      const ranges = tail === null ? [] : untaken(cursor.place('web-1'), tail.end);
      const delivery = new Delivery(new Map([['web-1', { ranges, skips: [], newestAt: 0, throughAt: 0 }]]), {
        proxied: false,
        usesBudget: true,
      });
      cursor.sent(scope, delivery, now, 1_000_000);
      connection.sent(delivery);
      cursor.completed(scope, delivery, this.clock.uptimeMs());
      cursor.seenAt = this.clock.now();
    }
  }
}

export function takenBy(cursor: Cursor | null): number | undefined {
  return cursor?.place('web-1').taken.offset;
}

/** What every check is given, and what it is: a pure function, tested on data. */
import type { Finding } from '../finding.ts';
import type { GatewayFacts } from '../gateway-facts.ts';
import type { GatewayJob } from '../jobs.ts';
import type { PrometheusFacts } from '../prometheus-facts.ts';

export interface Facts {
  readonly gateway: GatewayFacts;
  /** Null where none was named, or it does not answer. */
  readonly prometheus: PrometheusFacts | null;
  /** Its jobs that scrape the gateway. */
  readonly jobs: readonly GatewayJob[];
}

export type Check = (facts: Facts) => Finding[];

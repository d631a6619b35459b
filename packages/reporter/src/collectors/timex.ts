/**
 * node_timex_* is missing: the kernel tells the state of its clock's discipline (offset, error, whether it is
 * synchronized) by the system call adjtimex alone. No file of `/proc` or `/sys` has it, Node.js does not make that call,
 * and what programs there are that do differ from host to host and would cost a process a tick. A guess from the files
 * of one time daemon would be wrong under another, and silence is better than a false "synchronized".
 *
 * The collector is here all the same, so that node_exporter's flags are taken and `node_scrape_collector_success` says
 * what is the matter, as node_exporter's does where it may not make the call.
 */
import { type Collector, NoDataError } from './collector.ts';

export function createTimexCollector(): Collector {
  return {
    name: 'timex',
    collect() {
      throw new NoDataError('adjtimex cannot be called from Node.js');
    },
  };
}

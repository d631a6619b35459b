/**
 * `npm run test:soak`: the faults of test/reliability, and outages and scrapes of minutes, for as long as the issues ask for, one after the other; an hour or
 * two. Single ones: `npm run test:soak -- test/reliability/link-cut.test.ts`.
 */
process.env.TRIBUTARY_LONG = '1';
process.env.TRIBUTARY_SOAK = '1';
if (process.argv.slice(2).every((arg) => arg.startsWith('-')))
  process.argv.push('test/reliability/*.test.ts', 'test/outage.test.ts', 'test/prometheus-agreement.test.ts');
await import('./test.mjs');

/** A textfile that says what a collector says: nothing is rejected at the gateway, and what else it says is served. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from './support/eventually.ts';
import { pick, readExposition } from './support/exposition.ts';
import { Gateway, Reporter } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

test('a textfile with series of a collector costs those series only', async (t) => {
  const directory = await tempDir(t);
  await writeFile(join(directory, 'a.prom'), 'node_load1 77\nbackup_bytes 5\nprocess_open_fds{x="1"} 3\n');
  await writeFile(join(directory, 'b.prom'), 'garbage{\n');
  await using gateway = await Gateway.start(t);
  const args = [`--collector.textfile.directory=${directory}`];
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: 'web-1', args });
  const exposition = await eventually('two ticks have left something out', async () => {
    const read = readExposition((await gateway.metrics()).body);
    const [leftOut] = pick(read, 'tributary_reporter_left_out_samples_total', { collector: 'textfile' });
    const isTold = pick(read, 'backup_bytes').length > 0;
    return isTold && (leftOut?.value ?? 0) >= 4 && read;
  });
  const values = (name: string) => pick(exposition, name, { host: 'web-1' }).map(({ value }) => value);
  assert.deepEqual(values('backup_bytes'), [5]);
  assert.equal(values('node_load1').length, 1);
  assert.notDeepEqual(values('node_load1'), [77]);
  assert.equal(values('process_open_fds').length, 1);
  assert.deepEqual(values('node_textfile_scrape_error'), [1]);
  assert.deepEqual(values('node_exporter_build_info'), [1]);
  assert.deepEqual(values('tributary_reporter_rejects_total'), []);
  const warnings = reporter.log.filter((line) => line.includes('"level":"warn"'));
  assert.equal(warnings.filter((line) => line.includes('b.prom') && line.includes('line 1')).length, 1);
  assert.equal(warnings.filter((line) => line.includes('node_load1, process_open_fds')).length, 1);
});

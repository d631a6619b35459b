import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoDataError } from './collector.ts';
import { createDmiCollector } from './dmi.ts';
import { renderOnce, temporaryRoots } from './test-support.ts';

test('the help names what this machine tells, and the serial number may be hidden', async (t) => {
  const roots = temporaryRoots(t, {
    'sys/class/dmi/id/sys_vendor': 'Example Inc.\n',
    'sys/class/dmi/id/bios_date': '04/12/2021\n',
    'sys/class/dmi/id/product_name': '\n',
  });
  assert.equal(
    await renderOnce(createDmiCollector(roots)),
    "# HELP node_dmi_info A metric with a constant '1' value labeled by bios_date, product_name, system_vendor if provided by DMI.\n" +
      '# TYPE node_dmi_info gauge\nnode_dmi_info{bios_date="04/12/2021",system_vendor="Example Inc."} 1\n',
  );
});

test('a machine without the tables has no data', async (t) => {
  const roots = temporaryRoots(t, {});
  await assert.rejects(async () => renderOnce(createDmiCollector(roots)), NoDataError);
});

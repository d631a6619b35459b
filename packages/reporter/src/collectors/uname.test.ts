import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderOnce, temporaryRoots } from './test-support.ts';
import { createUnameCollector } from './uname.ts';

test('the names of host and domain are read anew, the kernel is not', async (t) => {
  const roots = temporaryRoots(t, {
    'proc/sys/kernel/ostype': 'Linux\n',
    'proc/sys/kernel/osrelease': '6.12.48\n',
    'proc/sys/kernel/hostname': 'brook\n',
    'proc/sys/kernel/domainname': 'example\n',
  });
  const collector = createUnameCollector(roots);
  assert.match(
    await renderOnce(collector),
    /release="6\.12\.48".*nodename="brook",domainname="example"} 1\n$/,
  );
  writeFileSync(join(roots.proc, 'sys/kernel/hostname'), 'creek\n');
  writeFileSync(join(roots.proc, 'sys/kernel/osrelease'), '7.0\n');
  assert.match(await renderOnce(collector), /release="6\.12\.48".*nodename="creek"/);
});

test('what the kernel does not tell there comes from the system call', async (t) => {
  const text = await renderOnce(createUnameCollector(temporaryRoots(t, {})));
  assert.ok(text.includes(`machine="${os.machine()}"`));
  assert.ok(text.includes(`nodename="${os.hostname()}"`));
});

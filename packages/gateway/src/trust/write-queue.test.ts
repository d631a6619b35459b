import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RefuseError } from '@tributary/shared/errors';
import { CredentialStore } from './credentials/credential-store.ts';
import { CredentialsBusyError, CredentialsError } from './credentials/credentials-error.ts';
import { WriteQueue } from './write-queue.ts';

/** Two stores on one file: what the first holds locks the second out. */
async function bench(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-queue-'));
  const now = () => 1_795_330_000_000;
  const [other, store] = [0, 0].map((busyMs) => CredentialStore.open({ folder, now, busyMs }));
  assert.ok(other !== undefined && store !== undefined);
  t.after(async () => {
    for (const each of [other, store]) each.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { other, store };
}

test('while another program holds the file, changes wait and nothing is blocked', async (t) => {
  const { other, store } = await bench(t);
  const tries: (() => void)[] = [];
  const queue = new WriteQueue({
    together: (act) => {
      // The lock is held for the first try, and let go before the second.
      if (tries.length > 0) return store.together(act);
      return other.together(() => {
        tries.push(() => {});
        return store.together(act);
      });
    },
  });
  let calls = 0;
  const value = await queue.submit(() => {
    store.bindCertificate('web-1');
    return ++calls;
  });
  assert.equal(value, 1);
  assert.equal(tries.length, 1);
  assert.equal(other.poll(), true);
  assert.equal(other.certificateOf('web-1')?.name, 'web-1');
});

test('who has waited for too long, or comes while too many wait, is to come again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const queue = new WriteQueue({
    together: () => {
      throw new CredentialsBusyError('locked');
    },
  });
  const waiting = queue.submit(() => 1).catch((error: unknown) => error);
  for (let i = 0; i < 20; i++) t.mock.timers.tick(250);
  const error = await waiting;
  assert.ok(error instanceof RefuseError);
  assert.deepEqual([error.code, error.retryAfterMs], ['RATE', 5000]);
  for (let i = 0; i < 10_000; i++) queue.submit(() => i).catch(() => {});
  await assert.rejects(
    queue.submit(() => 1),
    { code: 'RATE', message: /too many hosts join at once/ },
  );
});

test('a file that cannot be written is told, and whoever waits is to come again', async (t) => {
  const { store } = await bench(t);
  let fails = true;
  const told: (string | null)[] = [];
  const queue = new WriteQueue(
    {
      together: (act) => {
        if (fails) throw new CredentialsError('make room');
        return store.together(act);
      },
    },
    (fault) => void told.push(fault),
  );
  await assert.rejects(
    queue.submit(() => 1),
    (error) => error instanceof RefuseError && error.code === 'RATE',
  );
  fails = false;
  assert.equal(await queue.submit(() => 2), 2);
  assert.deepEqual(told, ['make room', null]);
});

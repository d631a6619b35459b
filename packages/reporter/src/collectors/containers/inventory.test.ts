/** The pace of asking, on a clock of its own; so the runtime is in memory here, and real in containers.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerDetails, EngineApi } from './engine-api.ts';
import { Inventory } from './inventory.ts';

interface Runtime {
  /** By socket, ids of what runs there; a text instead is an error. */
  lists: Record<string, readonly string[] | string>;
  /** What was asked for: `SOCKET` or `SOCKET ID`. */
  asked: string[];
  ms: number;
}

function details(id: string): ContainerDetails {
  const nothing = { createdSeconds: null, startedSeconds: null, own: { pairs: [], leftOut: 0 } };
  return { id, name: `name-${id}`, image: '', pid: 7, hasOwnNetwork: true, ...nothing };
}

function create(lists: Runtime['lists'], limit = 10): { inventory: Inventory; runtime: Runtime } {
  const runtime: Runtime = { lists, asked: [], ms: 0 };
  const api: EngineApi = {
    list(socket) {
      runtime.asked.push(socket);
      const list = runtime.lists[socket] ?? [];
      if (typeof list === 'string') return Promise.reject(new Error(list));
      return Promise.resolve(list.map((id, i) => ({ id, name: id, createdSeconds: i })));
    },
    inspect(socket, id) {
      runtime.asked.push(`${socket} ${id}`);
      if (id.startsWith('bad')) return Promise.reject(new Error('no details'));
      if (id === 'gone') return Promise.resolve(null);
      return Promise.resolve(id === 'stopped' ? { ...details(id), pid: 0 } : details(id));
    },
  };
  const sockets = () => Object.keys(runtime.lists);
  return { inventory: new Inventory({ sockets, limit, api, monotonic: () => runtime.ms }), runtime };
}

function idsOf(inventory: Inventory): readonly string[] {
  return inventory.containers.map(({ id }) => id);
}

test('asks at once, and then not before something changed or minutes have passed', async () => {
  const { inventory, runtime } = create({ docker: ['a', 'b'] });
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['a', 'b']);
  assert.deepEqual(runtime.asked.splice(0), ['docker', 'docker a', 'docker b']);
  runtime.ms = 299_999;
  assert.equal(inventory.refresh(), null);
  runtime.ms = 300_000;
  await inventory.refresh();
  assert.deepEqual(runtime.asked.splice(0), ['docker']);
  runtime.lists = { docker: ['b', 'c'] };
  inventory.note();
  runtime.ms += 4_999;
  assert.equal(inventory.refresh(), null);
  runtime.ms += 1;
  await inventory.refresh();
  assert.deepEqual(runtime.asked.splice(0), ['docker', 'docker c']);
  assert.deepEqual(idsOf(inventory), ['b', 'c']);
});

test('after a change it asks twice, as the first list may be too early, and then no more', async () => {
  const { inventory, runtime } = create({ docker: [] });
  await inventory.refresh();
  inventory.note();
  for (const ms of [5_000, 10_000, 15_000, 20_000]) {
    runtime.ms = ms;
    await inventory.refresh();
  }
  assert.deepEqual(runtime.asked, ['docker', 'docker', 'docker']);
});

test('a container that was forgotten is asked for again', async () => {
  const { inventory, runtime } = create({ docker: ['a'] });
  await inventory.refresh();
  inventory.forget('a');
  assert.deepEqual(idsOf(inventory), []);
  runtime.ms = 5_000;
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['a']);
  assert.deepEqual(runtime.asked, ['docker', 'docker a', 'docker', 'docker a']);
});

test('one that ended between the list and its details is none', async () => {
  const { inventory } = create({ docker: ['gone', 'stopped', 'a'] });
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['a']);
  assert.equal(inventory.error, null);
});

test('two runtimes that list the same container tell it once', async () => {
  const { inventory, runtime } = create({ docker: ['a'], podman: ['a', 'b'] });
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['a', 'b']);
  assert.deepEqual(runtime.asked, ['docker', 'podman', 'docker a', 'podman b']);
});

test('what fails costs its own news: the others are told, and what was known stays', async () => {
  const { inventory, runtime } = create({ docker: ['a'], podman: ['p'] });
  await inventory.refresh();
  runtime.lists = { docker: 'no answer', podman: ['p', 'bad', 'q'] };
  inventory.note();
  runtime.ms = 5_000;
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['a', 'p', 'q']);
  assert.equal(inventory.error, 'no answer; no details');
  runtime.lists = { docker: ['b'], podman: ['p', 'q'] };
  runtime.ms = 15_000;
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['p', 'q', 'b']);
  assert.equal(inventory.error, null);
});

test('a runtime that fails to tell of some containers is not asked for all of them', async () => {
  const { inventory, runtime } = create({ docker: ['bad', 'bad ', 'a'], podman: ['p'] });
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['p', 'a']);
  runtime.lists = { docker: ['bad', 'bad 1', 'bad 2', 'b'] };
  runtime.ms = 10_000;
  await inventory.refresh();
  assert.deepEqual(runtime.asked.slice(-4), ['docker', 'docker bad', 'docker bad 1', 'docker bad 2']);
});

test('a runtime that fails is asked ever more rarely, up to every two minutes, and soon after it is back', async () => {
  const { inventory, runtime } = create({ docker: 'hangs' });
  const times: number[] = [];
  for (; runtime.ms <= 600_000; runtime.ms += 1_000) {
    if (inventory.refresh() !== null) times.push(runtime.ms);
    await inventory.refresh();
  }
  assert.deepEqual(times, [0, 10_000, 30_000, 70_000, 150_000, 270_000, 390_000, 510_000]);
  assert.equal(inventory.hasAnswered, false);
  runtime.lists = { docker: ['a'] };
  runtime.ms = 630_000;
  await inventory.refresh();
  assert.equal(inventory.hasAnswered, true);
  assert.equal(inventory.error, null);
});

test('beyond the limit the oldest are told, those that are known stay, and the rest is counted', async () => {
  const { inventory, runtime } = create({ docker: ['a', 'b', 'c'] }, 2);
  await inventory.refresh();
  assert.deepEqual(idsOf(inventory), ['a', 'b']);
  assert.equal(inventory.beyondLimit, 1);
  // An older one came up again: it waits until there is room.
  runtime.lists = { docker: ['old', 'a', 'b', 'c'] };
  inventory.note();
  runtime.ms = 5_000;
  await inventory.refresh();
  assert.deepEqual([...idsOf(inventory)].sort(), ['a', 'b']);
  assert.equal(inventory.beyondLimit, 2);
});

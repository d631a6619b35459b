import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Collector, PartialDataError } from '../collector.ts';
import { defaultsOf } from '../collector-options.ts';
import { ColumnRecorder } from '../columns.ts';
import type { Answer, Answers, AskChild } from '../system-child/ask-child.ts';
import type { Question } from '../system-child/questions.ts';
import { render, renderOnce, samplesOf } from '../test-support.ts';
import { createInventoryCollector } from './inventory.ts';
import { INVENTORY_ANSWERS } from './inventory-test-support.ts';
import { INVENTORY_OPTIONS } from './options.ts';

const SIGNAL = new AbortController().signal;
const OPTIONS = defaultsOf(INVENTORY_OPTIONS);
const MINUTE_MS = 60_000;

function answersOf(known: Partial<Record<Question, unknown>>, questions: readonly Question[]): Answers {
  return new Map(
    questions.map((question): [Question, Answer] => [
      question,
      question in known ? { value: known[question] } : { error: 'no answer within 15000 ms' },
    ]),
  );
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('one tick alone waits for the inventory, and tells all of it', async () => {
  const collector = createInventoryCollector({
    once: true,
    now: () => 1_772_000_000_000,
    ask: async (questions) => answersOf(INVENTORY_ANSWERS, questions),
  });
  const text = await renderOnce(collector);
  assert.deepEqual(
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    [
      'node_inventory_timestamp_seconds 1772000000',
      ...['system', 'baseboard', 'bios', 'cpu', 'memory_modules', 'disks', 'os', 'graphics'].map(
        (name) => `node_inventory_part_success{name="${name}"} 1`,
      ),
      'node_inventory_system_info{manufacturer="Dell Inc.",model="PowerEdge R650"} 1',
      'node_inventory_baseboard_info{manufacturer="Dell Inc.",model="0PYXKY",version="A05"} 1',
      'node_inventory_bios_info{vendor="Dell Inc.",version="1.12.1",revision="1.12",bios_date="2023-09-13"} 1',
      'node_inventory_cpu_info{manufacturer="Intel",model_name="Xeon® Gold 6338",family="6",model="106",stepping="6"} 1',
      'node_inventory_cpu_sockets 2',
      'node_inventory_cpu_cores 64',
      'node_inventory_cpu_threads 128',
      'node_inventory_cpu_frequency_max_hertz 3200000000',
      'node_inventory_memory_module_info{index="0",name="A1",type="DDR4",manufacturer="Hynix",model="HMA84GR7DJR4N-XN"} 1',
      'node_inventory_memory_module_bytes{index="0"} 34359738368',
      'node_inventory_disk_info{device="nvme0n1",type="NVMe",vendor="Samsung",model="SAMSUNG MZQL2960",transport="PCIe",firmware_revision="GDC5302Q"} 1',
      'node_inventory_disk_bytes{device="nvme0n1"} 960197124096',
      'node_inventory_os_info{name="Debian GNU/Linux",version="12",codename="bookworm",release="6.1.0-21-amd64",machine="x64"} 1',
      'node_gpu_info{index="0",vendor="NVIDIA Corporation",model="NVIDIA A100 80GB PCIe",address="00000000:17:00.0",version="550.54.15"} 1',
      'node_gpu_memory_bytes{index="0"} 85899345920',
      'node_gpu_utilization_ratio{index="0"} 0.87',
      'node_gpu_memory_used_bytes{index="0"} 2147483648',
      'node_gpu_temperature_celsius{index="0"} 54',
      'node_gpu_power_watts{index="0"} 212.5',
    ],
  );
});

test('serial numbers are told only when asked for', async () => {
  const textWith = (serials: boolean) =>
    renderOnce(
      createInventoryCollector(
        { once: true, now: () => 0, ask: async (questions) => answersOf(INVENTORY_ANSWERS, questions) },
        { ...OPTIONS, serials },
      ),
    );
  assert.doesNotMatch(await textWith(false), /SECRET/);
  const text = await textWith(true);
  for (const serial of ['SECRET-SYSTEM', 'SECRET-BOARD', 'SECRET-MODULE', 'SECRET-DISK'])
    assert.match(text, new RegExp(`serial="${serial}"`));
  assert.match(text, /uuid="SECRET-UUID"/);
});

/** A collector on clocks that are moved by hand, and a child that answers when it is told to. */
function slow() {
  const clock = { mono: 0 };
  const waiting: { questions: readonly Question[]; done: PromiseWithResolvers<Answers> }[] = [];
  const ask: AskChild = (questions) => {
    const done = Promise.withResolvers<Answers>();
    waiting.push({ questions, done });
    return done.promise;
  };
  const collector = createInventoryCollector({
    now: () => 1_000_000 + clock.mono,
    monotonic: () => clock.mono,
    random: () => 0.5,
    ask,
  });
  const recorder = new ColumnRecorder({});
  const answer = async (known: Partial<Record<Question, unknown>>) => {
    const last = waiting.at(-1);
    last?.done.resolve(answersOf(known, last.questions));
    await settle();
  };
  return { clock, waiting, answer, tick: () => tick(collector, recorder) };
}

async function tick(collector: Collector, recorder: ColumnRecorder) {
  let error: unknown = null;
  try {
    await collector.collect(recorder, SIGNAL);
  } catch (thrown) {
    error = thrown;
  }
  return { error, column: recorder.take() };
}

test('no tick waits: the first inventory comes after a minute, the next an hour later', async () => {
  const { clock, waiting, answer, tick } = slow();
  assert.equal((await tick()).column, null);
  clock.mono = MINUTE_MS - 1;
  await tick();
  assert.equal(waiting.length, 0);
  clock.mono = MINUTE_MS;
  assert.equal((await tick()).column, null);
  assert.equal(waiting.length, 1);
  clock.mono += 1_000;
  await answer(INVENTORY_ANSWERS);
  const first = await tick();
  assert.equal(samplesOf(render(first.column), 'node_inventory_timestamp_seconds')[0], '1061');
  clock.mono += 10_000;
  const second = await tick();
  assert.equal(second.column?.shape, first.column?.shape, 'nothing has to be announced');
  clock.mono = MINUTE_MS + 60 * MINUTE_MS - 1;
  await tick();
  assert.equal(waiting.length, 1);
  clock.mono++;
  await tick();
  assert.equal(waiting.length, 2);
  clock.mono += 10 * 60 * MINUTE_MS;
  await tick();
  assert.equal(waiting.length, 2, 'one at a time');
});

test("a GPU's load is of the moment of the inventory, and told once", async () => {
  const { clock, answer, tick } = slow();
  clock.mono = MINUTE_MS;
  await tick();
  await answer(INVENTORY_ANSWERS);
  const first = await tick();
  const second = await tick();
  assert.deepEqual(samplesOf(render(first.column), 'node_gpu_power_watts'), ['{index="0"} 212.5']);
  assert.deepEqual(samplesOf(render(second.column), 'node_gpu_power_watts'), ['{index="0"} absent']);
  assert.deepEqual(samplesOf(render(second.column), 'node_gpu_memory_bytes'), ['{index="0"} 85899345920']);
});

test('a part that is not answered stays what it was, and says so', async () => {
  const { clock, answer, tick } = slow();
  clock.mono = MINUTE_MS;
  await tick();
  await answer(INVENTORY_ANSWERS);
  await tick();
  clock.mono += 2 * 60 * MINUTE_MS;
  await tick();
  const { graphics: _, ...others } = INVENTORY_ANSWERS;
  await answer(others);
  const { column, error } = await tick();
  assert.ok(error instanceof PartialDataError);
  assert.match(error.message, /^graphics: no answer within 15000 ms$/);
  const text = render(column);
  assert.equal(samplesOf(text, 'node_gpu_info').length, 1);
  assert.deepEqual(samplesOf(text, 'node_gpu_power_watts'), ['{index="0"} absent']);
  assert.ok(samplesOf(text, 'node_inventory_part_success').includes('{name="graphics"} 0'));
  assert.ok(samplesOf(text, 'node_inventory_part_success').includes('{name="cpu"} 1'));
});

test('a child that answers nothing is an error with its reason', async () => {
  const { clock, answer, tick } = slow();
  clock.mono = MINUTE_MS;
  await tick();
  await answer({});
  const { error } = await tick();
  assert.ok(error instanceof PartialDataError);
  assert.match(error.message, /system: no answer/);
});

test('what is beyond the bounds is counted', async () => {
  const disks = Array.from({ length: 600 }, (_, i) => ({ device: `/dev/sd${i}`, size: 1 }));
  const collector = createInventoryCollector({
    once: true,
    now: () => 0,
    ask: async (questions) => answersOf({ ...INVENTORY_ANSWERS, disks }, questions),
  });
  const text = await renderOnce(collector);
  assert.deepEqual(samplesOf(text, 'node_inventory_left_out_items'), ['{name="disks"} 88']);
  assert.equal(samplesOf(text, 'node_inventory_disk_bytes').length, 512);
});

test('a real child takes the inventory of this machine', async () => {
  const text = await renderOnce(createInventoryCollector({ once: true, now: Date.now }));
  assert.match(samplesOf(text, 'node_inventory_os_info')[0] ?? '', /release=/);
  assert.ok(Number(samplesOf(text, 'node_inventory_cpu_threads')[0]) >= 1);
});

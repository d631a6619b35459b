import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeBios,
  decodeBoard,
  decodeCpu,
  decodeDisks,
  decodeGpus,
  decodeModules,
  decodeOs,
  decodeSystem,
} from './decode.ts';

test('nonsense is an empty inventory', () => {
  for (const value of [null, 5, 'text', [], {}, { controllers: 'many' }]) {
    assert.equal(decodeSystem(value).model, '');
    assert.equal(decodeBoard(value).model, '');
    assert.equal(decodeBios(value).vendor, '');
    assert.equal(decodeOs(value).name, '');
    assert.equal(decodeCpu(value).cores, null);
    assert.deepEqual(decodeModules(value), { items: [], leftOut: 0 });
    assert.deepEqual(decodeDisks(value), { items: [], leftOut: 0 });
    assert.deepEqual(decodeGpus(value), { items: [], leftOut: 0 });
  }
});

test('a virtual machine says of what kind, if it knows', () => {
  assert.equal(decodeSystem({ virtual: true, virtualHost: 'KVM' }).virtualization, 'KVM');
  assert.equal(decodeSystem({ virtual: true }).virtualization, 'unknown');
  assert.equal(decodeSystem({ virtual: false }).virtualization, '');
});

test('units are base units, and an unknown size is none', () => {
  const cpu = decodeCpu({ speedMax: 3.6, cores: 16, physicalCores: 8, processors: 1 });
  assert.equal(cpu.hertzMax, 3_600_000_000);
  assert.deepEqual([cpu.threads, cpu.cores, cpu.sockets], [16, 8, 1]);
  assert.equal(decodeCpu({ speedMax: 0 }).hertzMax, null);
});

test('empty slots are no modules, nor is what the package makes up', () => {
  const { items } = decodeModules([
    { size: 0, bank: 'DIMM 1', type: 'Empty' },
    { size: 8589934592, bank: 'DIMM 0', type: 'DDR4', manufacturer: 'Samsung', partNum: 'M471A1K43CB1' },
    { size: 25276026880, bank: '', type: '', partNum: '' },
  ]);
  assert.deepEqual(
    items.map(({ slot, bytes }) => [slot, bytes]),
    [['DIMM 0', 8589934592]],
  );
});

test('disks are told once, without their folder, and no more than can be', () => {
  const { items } = decodeDisks([
    { device: '/dev/sda', name: 'WDC WD40EFRX', size: 4000787030016, type: 'HD', interfaceType: 'SATA' },
    { device: '/dev/sda', name: 'again', size: 1 },
    { device: '', name: 'no name' },
    { device: '\\\\.\\PHYSICALDRIVE0', name: 'Samsung SSD 980', size: 0 },
  ]);
  assert.deepEqual(
    items.map(({ device, bytes }) => [device, bytes]),
    [
      ['sda', 4000787030016],
      ['\\\\.\\PHYSICALDRIVE0', null],
    ],
  );
  const many = Array.from({ length: 600 }, (_, i) => ({ device: `/dev/sd${i}` }));
  const cut = decodeDisks(many);
  assert.deepEqual([cut.items.length, cut.leftOut], [512, 88]);
});

test('a GPU has a load only where nvidia-smi was asked, which leaves out what is zero', () => {
  const { items } = decodeGpus({
    controllers: [
      { vendor: 'Intel Corporation', model: 'UHD Graphics 630', vram: null, busAddress: '00:02.0' },
      {
        vendor: 'NVIDIA Corporation',
        model: 'GA102',
        name: 'NVIDIA GeForce RTX 3090',
        pciBus: '00000000:01:00.0',
        driverVersion: '550.54',
        vram: 24576,
        memoryTotal: 24576,
        memoryUsed: 512,
        temperatureGpu: 41,
        powerDraw: 25.5,
      },
    ],
  });
  assert.equal(items[0]?.load, null);
  assert.equal(items[0]?.memoryBytes, null);
  assert.equal(items[1]?.model, 'NVIDIA GeForce RTX 3090');
  assert.equal(items[1]?.memoryBytes, 24 * 1024 ** 3);
  assert.deepEqual(items[1]?.load, {
    utilization: 0,
    memoryUsedBytes: 512 * 1024 ** 2,
    celsius: 41,
    watts: 25.5,
  });
});

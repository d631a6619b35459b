import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCounters, createOwnCollector } from '../own-series.ts';
import { Sampler } from '../sampler/sampler.ts';
import { type Collector, type ColumnWriter, NoDataError } from './collector.ts';
import { defaultsOf } from './collector-options.ts';
import { CONTAINERS_OPTIONS, createContainersCollector } from './containers/containers.ts';
import { ID_WEB, serveRuntime } from './containers/test-support.ts';
import { DEVICE_ENTRIES } from './device-entries.ts';
import { INVENTORY_ANSWERS } from './inventory/inventory-test-support.ts';
import { COLLECTORS, createCollectors } from './list.ts';
import { recordedSources } from './other-systems/sources-test-support.ts';
import { SERIES_LABELS } from './series-labels.ts';
import type { AskChild } from './system-child/ask-child.ts';
import { collectOnce, FIXTURE_ROOTS, FIXTURE_SYSTEMCTL, unpackRoots } from './test-support.ts';

/** A collector, whose label names are noted, with series or without. */
function noting(collector: Collector, names: Set<string>): Collector {
  return {
    name: collector.name,
    collect(out, signal) {
      const writer: ColumnWriter = {
        family(name, type, help, labelNames = []) {
          for (const label of labelNames) names.add(label);
          out.family(name, type, help, labelNames);
        },
        add: (value, ...labelValues) => out.add(value, ...labelValues),
        foreignFamily: (name, type, help) => out.foreignFamily(name, type, help),
        addForeign(value, suffix, labels) {
          for (const [i, label] of labels.entries()) if (i % 2 === 0) names.add(label);
          out.addForeign(value, suffix, labels);
        },
        takenBefore: (ageMs) => out.takenBefore(ageMs),
      };
      return collector.collect(writer, signal);
    },
  };
}

test('holds what the collectors of every platform, the reporter and the sampler write, and nothing else', async (t) => {
  const names = new Set<string>();
  const enabled = new Map(COLLECTORS.map(({ name }) => [name, true]));
  const options = {
    roots: FIXTURE_ROOTS,
    enabled,
    settings: {
      'collector.stat.softirq': true,
      'collector.rapl.enable-zone-label': true,
      'collector.cpu.info.flags-include': /./,
      'collector.cpu.info.bugs-include': /./,
    },
    now: () => 1_772_000_000_125,
    systemctl: FIXTURE_SYSTEMCTL,
    containerSockets: [],
  };
  const own = createOwnCollector({
    version: '1.2.3',
    counters: createCounters(),
    isStreaming: () => true,
    intervalMs: () => 10_000,
    correctionMs: () => 0,
    spool: () => ({ bytes: 0, oldest: 1, next: 1, acked: 0, dropped: new Map() }),
  });
  const askInventory: AskChild = (questions) =>
    Promise.resolve(new Map(questions.map((question) => [question, { value: INVENTORY_ANSWERS[question] }])));
  const platforms = ['linux', 'darwin', 'win32'].flatMap((platform) => {
    const sources = recordedSources(platform);
    return createCollectors({ ...options, platform, sources, once: true, askInventory });
  });
  const failed: string[] = [];
  const sampler = new Sampler({
    collectors: [...platforms, own].map((collector) => noting(collector, names)),
    labels: {},
    onOutcome: (collector, error) => {
      if (!(error instanceof NoDataError)) failed.push(`${collector}: ${error?.message}`);
    },
    monotonic: () => performance.now(),
  });
  const columns = await sampler.sample(30_000);
  // Few of the devices are in the small host's folders: these are on a host that has them all.
  const roots = unpackRoots(t, 'devices.txt');
  for (const { create } of DEVICE_ENTRIES) {
    await collectOnce(noting(create({ ...options, roots, platform: 'linux' }), names));
    await collectOnce(noting(create({ ...options, settings: {}, roots, platform: 'linux' }), names));
  }
  const { socket } = await serveRuntime(t, [{ id: ID_WEB, name: 'web', image: 'nginx', pid: 4242 }]);
  const containers = createContainersCollector(
    {
      roots: unpackRoots(t, 'containers-v2.txt'),
      usualSockets: [socket],
      now: options.now,
      monotonic: () => 0,
    },
    defaultsOf(CONTAINERS_OPTIONS),
  );
  await collectOnce(noting(containers, names));
  for (const { shape } of columns) {
    for (const { series } of shape.families) {
      for (const [, labels] of series) for (const label of Object.keys(labels)) names.add(label);
    }
  }
  assert.deepEqual(failed, []);
  assert.deepEqual([...names].sort(), [...SERIES_LABELS]);
});

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Roots } from './collector.ts';
import { cleanName, createHwmonCollector } from './hwmon.ts';
import { parseSensorFile, sensorFamily } from './hwmon-families.ts';
import { renderOnce, samplesOf, temporaryRoots } from './test-support.ts';

/** The name of the family of a file, with its type where that is no gauge, and what 1000 in it is. */
function familyOf(fileName: string, hasBare = false): string | null {
  const file = parseSensorFile(fileName);
  const family = file === null ? null : sensorFamily(file, hasBare);
  return family === null ? null : `${family.name} ${family.type} ${family.convert(1000)}`;
}

test('families of files', () => {
  assert.equal(familyOf('temp1_input'), 'node_hwmon_temp_celsius gauge 1');
  assert.equal(familyOf('temp1_crit_alarm'), 'node_hwmon_temp_crit_alarm_celsius gauge 1');
  assert.equal(familyOf('temp2_type'), 'node_hwmon_temp_type gauge 1000');
  assert.equal(familyOf('in0_min'), 'node_hwmon_in_min_volts gauge 1');
  assert.equal(familyOf('cpu0_vid'), 'node_hwmon_cpu_vid_volts gauge 1');
  assert.equal(familyOf('fan1_input'), 'node_hwmon_fan_rpm gauge 1000');
  assert.equal(familyOf('fan1_div'), 'node_hwmon_fan_div gauge 1000');
  assert.equal(familyOf('fan1_alarm'), 'node_hwmon_fan_alarm gauge 1000');
  assert.equal(familyOf('fan1_beep'), 'node_hwmon_fan_beep_enabled gauge 1000');
  assert.equal(familyOf('pwm1'), 'node_hwmon_pwm gauge 1000');
  assert.equal(familyOf('energy1_input'), 'node_hwmon_energy_joule_total counter 0.001');
  assert.equal(familyOf('power1_average'), 'node_hwmon_power_average_watt gauge 0.001');
  assert.equal(familyOf('power1_average_interval'), 'node_hwmon_power_average_interval_seconds gauge 1');
  assert.equal(familyOf('update_interval'), 'node_hwmon_update_interval_seconds gauge 1');
  assert.equal(familyOf('humidity1_input'), 'node_hwmon_humidity gauge 0.001');
  assert.equal(familyOf('humidity1_input', true), 'node_hwmon_humidity_input gauge 0.001');
});

test('other files have none', () => {
  for (const name of ['name', 'uevent', 'subsystem', 'temp1_label', 'freq1_input', 'vrm1_x', 'temp_input'])
    assert.equal(familyOf(name), null, name);
});

test('names are made of letters, digits, colons and underscores', () => {
  assert.equal(cleanName(' 0000:00:03.1'), '0000:00:03_1');
  assert.equal(cleanName('acpitz!\n'), 'acpitz');
});

/** A chip of a device on a bus: its class entry and the two links that the kernel makes. */
function chipOnBus(t: TestContext, files: Readonly<Record<string, string>>): Roots {
  const chip = 'sys/devices/platform/coretemp.0/hwmon/hwmon0';
  const roots = temporaryRoots(
    t,
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${chip}/${name}`, text])),
  );
  mkdirSync(join(roots.sys, 'class/hwmon'), { recursive: true });
  symlinkSync('../../devices/platform/coretemp.0/hwmon/hwmon0', join(roots.sys, 'class/hwmon/hwmon0'));
  symlinkSync('../../../coretemp.0', join(roots.sys, 'devices/platform/coretemp.0/hwmon/hwmon0/device'));
  return roots;
}

test('a chip is called by its bus and address; labels and the name are told apart', async (t) => {
  const roots = chipOnBus(t, {
    name: 'coretemp\n',
    temp1_input: '55000\n',
    temp1_label: 'Package id 0 \n',
    temp2_input: 'broken\n',
    freq1_input: '500000000\n',
    freq1_label: 'SCLK\n',
    freq2_input: '1\n',
  });
  const text = await renderOnce(createHwmonCollector(roots));
  const chip = 'chip="platform_coretemp_0"';
  assert.deepEqual(samplesOf(text, 'node_hwmon_chip_names'), [`{${chip},chip_name="coretemp"} 1`]);
  assert.deepEqual(samplesOf(text, 'node_hwmon_sensor_label'), [
    `{${chip},label="SCLK",sensor="freq1"} 1`,
    `{${chip},label="Package id 0 ",sensor="temp1"} 1`,
  ]);
  assert.deepEqual(samplesOf(text, 'node_hwmon_temp_celsius'), [`{${chip},sensor="temp1"} 55`]);
  assert.deepEqual(samplesOf(text, 'node_hwmon_freq_freq_mhz'), [`{${chip},sensor="sclk"} 500`]);
});

test('a chip without a device is called by its name, and two of one name do not clash', async (t) => {
  const roots = temporaryRoots(t, {
    'sys/class/hwmon/hwmon0/name': 'acpitz\n',
    'sys/class/hwmon/hwmon0/temp1_input': '20000\n',
    'sys/class/hwmon/hwmon1/name': 'acpitz\n',
    'sys/class/hwmon/hwmon1/temp1_input': '30000\n',
    'sys/class/hwmon/hwmon2/temp1_input': '40000\n',
  });
  const text = await renderOnce(createHwmonCollector(roots));
  assert.deepEqual(samplesOf(text, 'node_hwmon_temp_celsius'), [
    '{chip="acpitz",sensor="temp1"} 20',
    '{chip="hwmon2",sensor="temp1"} 40',
  ]);
});

test('chips and sensors can be chosen', async (t) => {
  const roots = temporaryRoots(t, {
    'sys/class/hwmon/hwmon0/name': 'nct\n',
    'sys/class/hwmon/hwmon0/fan1_input': '1\n',
    'sys/class/hwmon/hwmon0/temp1_input': '2000\n',
    'sys/class/hwmon/hwmon1/name': 'other\n',
    'sys/class/hwmon/hwmon1/temp1_input': '3000\n',
  });
  const text = await renderOnce(
    createHwmonCollector(roots, {
      'chip-include': /^nct$/,
      'chip-exclude': null,
      'sensor-include': null,
      'sensor-exclude': /nct;fan/,
    }),
  );
  assert.deepEqual(samplesOf(text, 'node_hwmon_temp_celsius'), ['{chip="nct",sensor="temp1"} 2']);
  assert.doesNotMatch(text, /fan/);
});

/**
 * Folders of `/proc`, `/sys` and `/` of a large server, for both programs to be run on: the small host and the devices of the
 * collectors' fixtures, the latter several times over, and tables with many CPUs, disks and network devices. Every file is of
 * our own writing, in the kernel's formats.
 */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FIXTURE_ROOTS, unpackInto } from '../../packages/reporter/src/collectors/test-support.ts';

export interface ServerSize {
  readonly cpus: number;
  readonly disks: number;
  readonly nics: number;
  /** Without carrier or address, as containers bring them. */
  readonly veths: number;
  /** How often the fixtures' devices are there: chips, NVMe disks, adapters, controllers. */
  readonly copies: number;
}

export const SERVER_SIZE: ServerSize = { cpus: 64, disks: 24, nics: 4, veths: 30, copies: 4 };

/** Where the pieces of one host are, as both programs take them. */
export interface Tree {
  readonly base: string;
  /** Flags of both. */
  readonly flags: readonly string[];
  /** node_exporter's alone. */
  readonly referenceFlags: readonly string[];
}

function treeAt(base: string): Tree {
  return {
    base,
    flags: [
      `--path.procfs=${base}/proc`,
      `--path.sysfs=${base}/sys`,
      `--path.rootfs=${base}/root`,
      '--collector.textfile.directory=',
    ],
    // Netlink tells of this machine, whatever folders are given.
    referenceFlags: [
      `--path.udev.data=${base}/root/run/udev/data`,
      '--no-collector.arp.netlink',
      '--no-collector.netdev.netlink',
    ],
  };
}

/** The collectors' fixtures: a small host with a few disks, NUMA, ZFS, NFS and a load balancer. */
export function smallTree(base: string): Tree {
  for (const [name, from] of Object.entries(FIXTURE_ROOTS))
    cpSync(from, join(base, name), { recursive: true });
  // Every kernel has it; the fixtures are for collectors that do not ask for it.
  writeFileSync(join(base, 'sys/devices/system/cpu/offline'), '3\n');
  // A link to a process, by which node_exporter finds its mounts.
  renameSync(join(base, 'proc/self'), join(base, 'proc/42'));
  symlinkSync('42', join(base, 'proc/self'));
  const udev = join(dirname(FIXTURE_ROOTS.proc), 'udev');
  mkdirSync(join(base, 'root/run/udev/data'), { recursive: true });
  for (const name of readdirSync(udev))
    cpSync(join(udev, name), join(base, 'root/run/udev/data', name.replace('_', ':')));
  return treeAt(base);
}

/** A host that has one of every device. */
function devicesTree(base: string): Tree {
  smallTree(base);
  unpackInto(base, 'devices.txt');
  return treeAt(base);
}

/** A host that has many of each. */
export function serverTree(base: string, size: ServerSize = SERVER_SIZE): Tree {
  devicesTree(base);
  writeProc(join(base, 'proc'), size);
  writeCpus(join(base, 'sys/devices/system/cpu'), size.cpus);
  writeDisks(join(base, 'sys/block'), size.disks);
  writeNetwork(join(base, 'sys/class/net'), size);
  copyDevices(join(base, 'sys'), size.copies);
  return treeAt(base);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const range = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Numbers that look counted: the same each time, and no two alike. */
const counted = (i: number, k: number) => ((i + 3) * 7919 * (k + 11)) % 1_000_000_007;

const diskNames = (count: number) => range(count, (i) => `sd${String.fromCharCode(97 + i)}`);
const nicNames = ({ nics, veths }: ServerSize) => [
  ...range(nics, (i) => `eth${i}`),
  ...range(veths, (i) => `veth${i.toString(16).padStart(4, '0')}`),
];

function writeProc(proc: string, size: ServerSize): void {
  const cpuLine = (i: number) => `cpu${i} ${range(10, (k) => counted(i, k)).join(' ')}`;
  const stat = readFileSync(join(proc, 'stat'), 'utf8').split('\n');
  const rest = stat.filter((line) => !/^cpu\d/.test(line));
  write(join(proc, 'stat'), [rest[0], ...range(size.cpus, cpuLine), ...rest.slice(1)].join('\n'));

  const disks = diskNames(size.disks).flatMap((name, i) => [
    `   8 ${i * 16} ${name} ${range(17, (k) => counted(i, k)).join(' ')}`,
    `   8 ${i * 16 + 1} ${name}1 ${range(17, (k) => counted(i, k)).join(' ')}`,
  ]);
  const raids = [
    '   9 0 md0 120 0 4096 0 220 0 8192 0 0 0 0 0 0 0 0',
    '   9 127 md127 99 0 512 0 1 0 8 0 0 0 0 0 0 0 0',
  ];
  write(join(proc, 'diskstats'), `${[...disks, ...raids].join('\n')}\n`);
  write(join(proc, 'mdstat'), MDSTAT);

  const dev = readFileSync(join(proc, 'net/dev'), 'utf8').split('\n').slice(0, 2);
  const nic = (name: string, i: number) =>
    `${name.padStart(8)}: ${range(16, (k) => counted(i, k)).join(' ')}`;
  write(join(proc, 'net/dev'), `${[...dev, ...['lo', 'bond0', ...nicNames(size)].map(nic)].join('\n')}\n`);
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  const softnet = (i: number) => range(15, (k) => hex(k === 12 ? i : counted(i, k))).join(' ');
  write(join(proc, 'net/softnet_stat'), `${range(size.cpus, softnet).join('\n')}\n`);
  const sched = (i: number) => `cpu${i} 0 0 0 0 0 0 ${counted(i, 1)}000 ${counted(i, 2)}000 ${counted(i, 3)}`;
  write(join(proc, 'schedstat'), `version 15\ntimestamp 4301256714\n${range(size.cpus, sched).join('\n')}\n`);
  write(join(proc, 'self/mountinfo'), MOUNTS);
  write(join(proc, '1/mountinfo'), MOUNTS);
}

/** A mirror that is whole, one that is being rebuilt, a stripe, one being checked, one that waits, and one that does not run. */
const MDSTAT = `Personalities : [raid1] [raid6] [raid5] [raid4] [raid0] [raid10] 
md0 : active raid1 sdb1[1] sda1[0]
      1046528 blocks super 1.2 [2/2] [UU]
      
md1 : active raid6 sdf1[3](F) sde1[2] sdd1[1] sdc1[0] sdg1[4](S)
      20953088 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/3] [UUU_]
      [==>..................]  recovery = 12.6% (1321472/10476544) finish=2.3min speed=65000K/sec
      bitmap: 1/1 pages [4KB], 65536KB chunk

md2 : active raid0 sdi1[1] sdh1[0]
      4190208 blocks super 1.2 512k chunks
      
md3 : active raid10 sdm1[3] sdl1[2] sdk1[1] sdj1[0]
      2093056 blocks super 1.2 512K chunks 2 near-copies [4/4] [UUUU]
      [=======>.............]  check = 37.2% (780032/2093056) finish=0.1min speed=195008K/sec
      
md4 : active raid1 sdo1[1] sdn1[0]
      1046528 blocks super 1.2 [2/2] [UU]
      	resync=DELAYED
      
md127 : inactive sdp1[0](S)
      5236 blocks super external:imsm
       
unused devices: <none>
`;

const MOUNTS = `21 1 0:2 / / rw - rootfs rootfs rw
22 21 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
23 21 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:8 - proc proc rw
30 21 8:1 / /boot rw,relatime shared:31 - ext4 /dev/sda1 rw
31 21 0:44 / /srv/with\\040space ro,relatime shared:32 - xfs /dev/md1 ro,attr2
32 21 0:45 /vol /srv/pool rw,relatime shared:33 - btrfs /dev/sdc rw,space_cache
33 21 0:46 / /tank rw,relatime shared:34 - zfs tank rw,xattr
34 21 0:47 / /run/user/1000 rw,nosuid,nodev shared:35 - tmpfs tmpfs rw,size=1024k
35 21 0:48 / /var/lib/docker/overlay2/x/merged rw,relatime shared:36 - overlay overlay rw
`;

function writeCpus(folder: string, count: number): void {
  const half = count / 2;
  for (let i = 0; i < count; i++) {
    const cpu = join(folder, `cpu${i}`);
    const file = (name: string, text: string | number) => write(join(cpu, name), `${text}\n`);
    file('online', 1);
    file('topology/physical_package_id', i < half ? 0 : 1);
    file('topology/core_id', Math.floor((i % half) / 2));
    file('topology/core_siblings_list', i < half ? `0-${half - 1}` : `${half}-${count - 1}`);
    file('topology/thread_siblings', '3');
    file('topology/core_siblings', 'ff');
    file('thermal_throttle/core_throttle_count', counted(i % half, 5) % 100);
    file('thermal_throttle/package_throttle_count', i < half ? 7 : 9);
    file('cpufreq/cpuinfo_cur_freq', 2_100_000 + i * 100);
    file('cpufreq/cpuinfo_min_freq', 800_000);
    file('cpufreq/cpuinfo_max_freq', 3_700_000);
    file('cpufreq/cpuinfo_transition_latency', 0);
    file('cpufreq/scaling_cur_freq', 2_100_000 + i * 100);
    file('cpufreq/scaling_min_freq', 800_000);
    file('cpufreq/scaling_max_freq', 3_700_000);
    file('cpufreq/scaling_governor', i % 2 === 0 ? 'powersave' : 'performance');
    file('cpufreq/scaling_available_governors', 'performance powersave');
    file('cpufreq/scaling_driver', 'intel_pstate');
    file('cpufreq/related_cpus', i);
    file('cpufreq/scaling_setspeed', '<unsupported>');
  }
  write(join(folder, 'online'), `0-${count - 1}\n`);
  write(join(folder, 'offline'), '\n');
  write(join(folder, 'isolated'), `${count - 2}-${count - 1}\n`);
}

function writeDisks(folder: string, count: number): void {
  for (const [i, name] of diskNames(count).entries())
    write(join(folder, name, 'queue/rotational'), `${i % 2}\n`);
}

function writeNetwork(folder: string, size: ServerSize): void {
  const names = nicNames(size);
  for (const [i, name] of names.entries()) {
    const isUp = i % 3 !== 2;
    const file = (attribute: string, text: string | number) =>
      write(join(folder, name, attribute), `${text}\n`);
    const index = i + 2;
    file('addr_assign_type', 0);
    file('addr_len', 6);
    file('address', `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`);
    file('broadcast', 'ff:ff:ff:ff:ff:ff');
    file('carrier_changes', 4 + i);
    file('carrier_up_count', 2 + i);
    file('carrier_down_count', 2);
    file('dev_id', '0x0');
    file('flags', isUp ? '0x1003' : '0x1002');
    file('ifalias', i === 0 ? 'uplink "a"' : '');
    file('ifindex', index);
    file('iflink', name.startsWith('veth') ? index + 100 : index);
    file('link_mode', 0);
    file('mtu', i === 0 ? 9000 : 1500);
    file('name_assign_type', 4);
    file('netdev_group', 0);
    file('operstate', isUp ? 'up' : 'down');
    file('tx_queue_len', 1000);
    file('type', 1);
    // The kernel refuses these while the device is down; a file that is not there is refused, too.
    if (!isUp) continue;
    file('carrier', 1);
    file('dormant', 0);
    file('duplex', 'full');
    file('speed', name.startsWith('veth') ? 10_000 : 25_000);
  }
  const slaves = names.filter((name) => name.startsWith('eth'));
  write(join(folder, 'bonding_masters'), 'bond0 dmz\n');
  write(join(folder, 'bond0/bonding/slaves'), `${slaves.join(' ')}\n`);
  for (const [i, slave] of slaves.entries())
    write(join(folder, `bond0/lower_${slave}/bonding_slave/mii_status`), i === 1 ? 'down\n' : 'up\n');
}

/** Copies folders of one device to others of its kind; what tells them apart is their place. */
function copyDevices(sys: string, copies: number): void {
  const copy = (from: string, to: string) =>
    cpSync(join(sys, from), join(sys, to), { recursive: true, verbatimSymlinks: true });
  for (let i = 1; i < copies; i++) {
    copy('class/nvme/nvme0', `class/nvme/nvme${i}`);
    copy('devices/system/edac/mc/mc0', `devices/system/edac/mc/mc${i}`);
    copy('class/infiniband/mlx4_0', `class/infiniband/mlx5_${i}`);
    copy('class/fc_host/host0', `class/fc_host/host${i}`);
    copy('class/thermal/thermal_zone0', `class/thermal/thermal_zone${10 + i}`);
    copy('class/thermal/cooling_device0', `class/thermal/cooling_device${10 + i}`);
    copy('class/powercap/intel-rapl:0', `class/powercap/intel-rapl:${10 + i}`);
    const chip = `hwmon${10 + i}`;
    copy('devices/platform/coretemp.0/hwmon/hwmon0', `devices/platform/coretemp.${i}/hwmon/${chip}`);
    const device = join(sys, `devices/platform/coretemp.${i}/hwmon/${chip}/device`);
    rmSync(device, { force: true });
    symlinkSync(`../../../coretemp.${i}`, device);
    symlinkSync(`../../devices/platform/coretemp.${i}/hwmon/${chip}`, join(sys, 'class/hwmon', chip));
  }
}

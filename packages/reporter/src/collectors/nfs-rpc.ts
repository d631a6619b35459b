/**
 * The files of `/proc/net/rpc`, which the client and the server of NFS write in one form: a word and numbers a line. The
 * lines `procN` begin with how many numbers follow, one for each procedure of that version, in the protocol's order.
 */
import type { ColumnWriter } from './collector.ts';
import { badLine, eachLine, numberIn, words } from './source.ts';

/** Of `proc2`, by node_exporter's names, as all of these. */
export const V2_METHODS: readonly string[] = (
  'Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir ' +
  'RmDir ReadDir FsStat'
).split(' ');

/** Of `proc3`. */
export const V3_METHODS: readonly string[] = (
  'Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir ' +
  'Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit'
).split(' ');

/** Of the client's `proc4`. */
export const CLIENT_V4_METHODS: readonly string[] = (
  'Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew ' +
  'SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link ' +
  'Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ' +
  'ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession DestroySession Sequence GetLeaseTime ' +
  'ReclaimComplete GetDeviceInfo LayoutGet LayoutCommit LayoutReturn SecinfoNoName TestStateID ' +
  'FreeStateID GetDeviceList BindConnToSession DestroyClientID Seek Allocate DeAllocate LayoutStats ' +
  'Clone'
).split(' ');

/** Of the server's `proc4ops`; `-` for operations that are not told. */
export const SERVER_V4_METHODS: readonly string[] = (
  '- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup ' +
  'LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename ' +
  'Renew RestoreFH SaveFH SecInfo SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner'
).split(' ');

/** First word → numbers. */
export type RpcLines = ReadonlyMap<string, readonly number[]>;

export function parseRpc(text: string): RpcLines {
  const lines = new Map<string, number[]>();
  eachLine(text, (line) => {
    const [key = '', ...fields] = words(line);
    const numbers = fields.map((field) => numberIn(field, line));
    if (key.startsWith('proc') && numbers[0] !== numbers.length - 1) {
      throw badLine('the first number is not how many follow', line);
    }
    lines.set(key, numbers);
  });
  return lines;
}

/** One number of a line. A line that this kernel lacks counts 0, as in node_exporter: NFS 2 is gone from newer ones. */
export function numberOf(lines: RpcLines, key: string, index: number): number {
  return lines.get(key)?.[index] ?? 0;
}

/** Adds a series for each method, whose labels are `proto` and `method`. */
export function addMethods(
  out: ColumnWriter,
  lines: RpcLines,
  proto: string,
  key: string,
  methods: readonly string[],
): void {
  for (const [i, method] of methods.entries()) {
    if (method !== '-') out.add(numberOf(lines, key, i + 1), proto, method);
  }
}

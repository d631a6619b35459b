/** Reads a configuration file: bounded, as UTF-8, into a tree with positions. */
import { isUtf8 } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import type { ConfigReading } from '@tributary/shared/config-tree';
import { parseYaml } from './yaml-tree.ts';

/** One of a thousand targets has a fifth of it. */
export const FILE_BYTES_MAX = 1024 * 1024;

/** Never fails: a file that cannot be read is a problem without a line. */
export async function readConfigFile(file: string): Promise<ConfigReading> {
  let bytes: Uint8Array;
  try {
    await using handle = await open(file);
    bytes = await readUpTo(handle, FILE_BYTES_MAX + 1);
  } catch (error) {
    return problem(0, `the file cannot be read: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
  if (bytes.length > FILE_BYTES_MAX) return problem(0, 'the file is larger than 1MB');
  if (!isUtf8(bytes)) return problem(lineOfBadByte(bytes), 'the file is no UTF-8');
  return parseYaml(new TextDecoder().decode(bytes));
}

/** Not by the size that the file tells: pipes have none, and whoever writes it may go on. */
async function readUpTo(handle: FileHandle, bytesMax: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const { bytesRead } = await handle.read(buffer, length, bytesMax - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function lineOfBadByte(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is none';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return code ?? message;
}

function problem(line: number, message: string): ConfigReading {
  return { tree: null, problems: [{ line, message }] };
}

/** Reads what the web configuration is kept in: plain files only, bounded, with who may read them. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A bundle of all public authorities has a few hundred thousand. */
const BYTES_MAX = 1024 * 1024;
/** Of others than the owner and its group, which a service may be given to read it; to write it, the group has no reason. */
const FOR_OTHERS = 0o027;

export interface PemFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Whether everybody may read it, or others than its owner may write it. */
  readonly isOpenToOthers: boolean;
}

/** @throws Error with the reason, which says nothing of the path. */
export async function readPemFile(path: string): Promise<PemFile> {
  try {
    // Opening a pipe would otherwise wait for whoever writes into it.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = await handle.stat();
    if (!about.isFile()) throw new Error(about.isDirectory() ? 'it is a folder' : 'it is no file');
    if (about.size > BYTES_MAX) throw new Error('it is larger than 1MB');
    const buffer = Buffer.alloc(about.size);
    // What is written meanwhile is seen as another change.
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const isOpenToOthers = process.platform !== 'win32' && (about.mode & FOR_OTHERS) !== 0;
    return { path, bytes, text: bytes.toString(), isOpenToOthers };
  } catch (error) {
    throw new Error(reasonOf(error as NodeJS.ErrnoException), { cause: error });
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is none';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return code ?? message;
}

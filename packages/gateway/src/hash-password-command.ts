/** `tributary-gateway hash-password`: reads a password, not from the arguments, which all on the machine can see. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { OptionError } from '@tributary/shared/options';
import type { Output } from './token-command.ts';
import { hashPassword } from './trust/web-config/hash-password.ts';

/** Of what is piped in by mistake. */
const INPUT_BYTES_MAX = 4096;

/** The hash stands alone on stdout. @throws OptionError */
export async function runHashPassword(
  argv: readonly string[],
  input: Readable & { readonly isTTY?: boolean },
  { out, note }: Output,
): Promise<void> {
  if (argv.length > 0)
    throw new OptionError('hash-password takes no arguments; it reads the password from its standard input');
  const password = input.isTTY ? await askUnseen(input, note) : await readAll(input);
  out(`${await hashPassword(password)}\n`);
}

/** At a terminal, where it is not shown. */
async function askUnseen(input: Readable, note: Output['note']): Promise<string> {
  note('password: ');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve);
      // By the end of the input, or Ctrl+C.
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
    note('\n');
  }
}

async function readAll(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    bytes += chunks.at(-1)?.length ?? 0;
    if (bytes > INPUT_BYTES_MAX) throw new OptionError('that is no password: it is longer than 4 KiB');
  }
  // What `echo` adds is not part of it.
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/**
 * The program of a short-lived child: asks the systeminformation package and writes a line of JSON for each answer.
 *
 *     node child.js QUESTION,QUESTION… DEADLINE_MS PRIORITY
 *
 * The package is never loaded in the reporter itself. It is large, it waits for the programs that it starts (`execSync`),
 * so that one that hangs would stop everything, and it replaces methods of strings. Here all of that ends with the process.
 *
 * Loads nothing else, for each module costs memory and time once an inventory.
 */
import { setPriority } from 'node:os';
import { DONE_LINE, isQuestion, QUESTIONS, type Question } from './questions.ts';

/** One that hangs in a way that can be waited for costs only itself. */
const ANSWER_MS_MAX = 15_000;
/** How long the last answer may take to be read. */
const LINGER_MS = 1_000;
/** Large, and of no use to anyone: each disk's whole self-test log, each CPU's flags, each monitor. */
const LEFT_OUT: ReadonlySet<string> = new Set(['smartData', 'flags', 'displays', 'features']);

async function ask(question: Question): Promise<unknown> {
  const { default: si } = await import('systeminformation');
  switch (question) {
    case 'memory':
      return si.mem();
    case 'system':
      return si.system();
    case 'bios':
      return si.bios();
    case 'baseboard':
      return si.baseboard();
    case 'cpu':
      return si.cpu();
    case 'memory_modules':
      return si.memLayout();
    case 'os':
      return si.osInfo();
    case 'network':
      return si.networkStats('*');
    case 'graphics':
      return si.graphics();
    case 'disks':
      return si.diskLayout();
    case 'mounts':
      return si.fsSize();
  }
}

async function answerTo(question: Question): Promise<object> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX);
  try {
    return { question, value: (await Promise.race([ask(question), late])) ?? null };
  } catch (error) {
    return { question, error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

function writeLine(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

async function answerAll([questions = '', deadlineMs = '', priority = '']: readonly string[]): Promise<void> {
  // Whoever started this has long given up by then, or is gone.
  setTimeout(() => process.exit(1), Number(deadlineMs));
  // The reporter is gone.
  process.stdout.on('error', () => process.exit(1));
  try {
    setPriority(Number(priority));
  } catch {
    // A host that forbids even this still gets its inventory.
  }
  const asked = questions.split(',').filter(isQuestion);
  // One after the other: it is nobody's hurry, and a burst of programs is what users notice.
  for (const question of QUESTIONS.filter((known) => asked.includes(known))) {
    const answer = await answerTo(question);
    await writeLine(JSON.stringify(answer, (key, value: unknown) => (LEFT_OUT.has(key) ? undefined : value)));
  }
  await writeLine(DONE_LINE);
  setTimeout(() => process.exit(0), LINGER_MS);
}

// Without `await`: in the one executable file this is CommonJS, which has none here. The deadline ends it, whatever happens.
void answerAll(process.argv.slice(2));

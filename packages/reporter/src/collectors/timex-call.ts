/**
 * The system call adjtimex, by which alone the kernel tells the state of its clock's discipline. Node.js does not make it and
 * no file has it, so it is made by an interpreter that hosts have anyway: Perl (part of Debian's, Ubuntu's and SUSE's smallest
 * installations) or Python. Neither sets anything: `modes` is 0.
 *
 * Source of the structure: adjtimex(2), and `struct timex` of the kernel's linux/timex.h, which is the same on all 64-bit
 * machines.
 */
import { NoDataError } from './collector.ts';

/** Fields of `struct timex` without its padding, and what the call returned. */
export interface Timex {
  /** One of TIME_OK and so on; TIME_ERROR (5) means that the clock is not synchronized. */
  readonly state: number;
  readonly offset: number;
  readonly freq: number;
  readonly maxerror: number;
  readonly esterror: number;
  readonly status: number;
  readonly constant: number;
  readonly tick: number;
  readonly ppsfreq: number;
  readonly jitter: number;
  readonly shift: number;
  readonly stabil: number;
  readonly jitcnt: number;
  readonly calcnt: number;
  readonly errcnt: number;
  readonly stbcnt: number;
  readonly tai: number;
}

/** Makes the call and gives its numbers as text: see parseTimex. Null where the host has nothing to make it with. */
export type AskTimex = () => Promise<string | null>;

/** In the order in which both programs print them. */
const FIELDS = [
  'state',
  'modes',
  'offset',
  'freq',
  'maxerror',
  'esterror',
  'status',
  'constant',
  'precision',
  'tolerance',
  'seconds',
  'microseconds',
  'tick',
  'ppsfreq',
  'jitter',
  'shift',
  'stabil',
  'jitcnt',
  'calcnt',
  'errcnt',
  'stbcnt',
  'tai',
] as const;

/** @throws NoDataError when the kernel refused, as containers may have it do; Error when the text is something else. */
export function parseTimex(text: string): Timex {
  const numbers = text.trim().split(/\s+/).map(Number);
  if (numbers[0] === -1) throw new NoDataError('the kernel refused the call adjtimex');
  if (numbers.length !== FIELDS.length || !numbers.every(Number.isSafeInteger))
    throw new Error(`adjtimex: ${JSON.stringify(text.slice(0, 200))} is not what was asked for`);
  const at = (field: (typeof FIELDS)[number]) => numbers[FIELDS.indexOf(field)] ?? Number.NaN;
  return {
    state: at('state'),
    offset: at('offset'),
    freq: at('freq'),
    maxerror: at('maxerror'),
    esterror: at('esterror'),
    status: at('status'),
    constant: at('constant'),
    tick: at('tick'),
    ppsfreq: at('ppsfreq'),
    jitter: at('jitter'),
    shift: at('shift'),
    stabil: at('stabil'),
    jitcnt: at('jitcnt'),
    calcnt: at('calcnt'),
    errcnt: at('errcnt'),
    stbcnt: at('stbcnt'),
    tai: at('tai'),
  };
}

/** Numbers of the call by Node's name of the architecture: asm/unistd_64.h and asm-generic/unistd.h. */
const CALL_NUMBERS: Readonly<Record<string, number>> = {
  x64: 159,
  arm64: 171,
  riscv64: 171,
  ppc64: 124,
  s390x: 124,
};

const PERL = `my $b = "\\0" x 208; my $r = syscall($ARGV[0] + 0, $b);
print join(" ", $r, unpack("l x4 q4 l x4 q3 q2 q3 l x4 q5 l", $b)), "\\n";`;

const PYTHON = `import ctypes
L, I = ctypes.c_long, ctypes.c_int
N = "modes:i offset freq maxerror esterror status:i constant precision tolerance seconds microseconds tick ppsfreq jitter shift:i stabil jitcnt calcnt errcnt stbcnt tai:i"
class Timex(ctypes.Structure):
    _fields_ = [(n.split(":")[0], I if ":" in n else L) for n in N.split()] + [("rest", I * 11)]
t = Timex()
r = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(t))
print(r, *[getattr(t, n.split(":")[0]) for n in N.split()])`;

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 4096;

function commands(): [string, string[]][] {
  const number = CALL_NUMBERS[process.arch];
  const python: [string, string[]] = ['python3', ['-I', '-S', '-c', PYTHON]];
  return number === undefined ? [python] : [['perl', ['-e', PERL, String(number)]], python];
}

/** The first of the programs that is there; it is ended when it takes too long. */
export const askTimex: AskTimex = async () => {
  const [{ execFile }, { promisify }] = await Promise.all([
    import('node:child_process'),
    import('node:util'),
  ]);
  for (const [command, args] of commands()) {
    try {
      const { stdout } = await promisify(execFile)(command, args, {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES_MAX,
      });
      return stdout;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return null;
};

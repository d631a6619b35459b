import assert from 'node:assert/strict';
import test from 'node:test';
import { type Program, readInvocation, usage } from './command.ts';
import { durationOption, OptionError } from './options.ts';

const PROGRAM: Program<'serve' | 'once'> = {
  name: 'tributary-test',
  about: 'Does nothing.',
  commands: { serve: 'runs', once: 'runs once' },
  ownHelp: { once: { takes: ['FILE'], does: 'Runs once.\nExit code: 0.' } },
  defaultCommand: 'serve',
  options: { 'storage.retention.time': durationOption({ help: 'How long.', defaultMs: 3_600_000 }) },
  exampleVariable: 'TRIBUTARY_TEST_STORAGE_RETENTION_TIME',
};

test('the first word is the command, and the rest are its flags', () => {
  const argv = ['once', '--storage.retention.time', '5m'];
  assert.deepEqual(readInvocation(PROGRAM, argv), { kind: 'command', command: 'once', argv: argv.slice(1) });
});

test('without a command the default one gets all flags', () => {
  assert.deepEqual(readInvocation(PROGRAM, []), { kind: 'command', command: 'serve', argv: [] });
  assert.deepEqual(readInvocation(PROGRAM, ['--x']), { kind: 'command', command: 'serve', argv: ['--x'] });
});

test('help and version are answered wherever they stand', () => {
  assert.deepEqual(readInvocation(PROGRAM, ['once', '--help']), { kind: 'help' });
  assert.deepEqual(readInvocation(PROGRAM, ['-h']), { kind: 'help' });
  assert.deepEqual(readInvocation(PROGRAM, ['--version']), { kind: 'version' });
});

test('the configuration is printed of the default command alone', () => {
  const argv = ['--storage.retention.time=5m', '--print-config'];
  assert.deepEqual(readInvocation(PROGRAM, argv), { kind: 'print-config', argv: argv.slice(0, 1) });
  assert.deepEqual(readInvocation(PROGRAM, ['serve', ...argv]), {
    kind: 'print-config',
    argv: argv.slice(0, 1),
  });
  assert.throws(() => readInvocation(PROGRAM, ['once', '--print-config']), {
    message: '--print-config goes with serve, not once',
  });
});

test('an unknown command names its nearest neighbour', () => {
  assert.throws(() => readInvocation(PROGRAM, ['onse']), {
    name: OptionError.name,
    message: 'unknown command "onse"; did you mean once?',
  });
  assert.throws(() => readInvocation(PROGRAM, ['constructor']), {
    message: /unknown command "constructor"; see --help/,
  });
});

test('the usage tells commands, flags, defaults and the environment', () => {
  const text = usage(PROGRAM);
  assert.match(text, /^usage: tributary-test \[COMMAND\] \[FLAGS\]\n\nDoes nothing\.\n/);
  assert.match(text, / {2}serve {2}runs \(default\)\n {2}once {3}runs once\n/);
  assert.match(text, /TRIBUTARY_TEST_STORAGE_RETENTION_TIME/);
  assert.match(text, /--storage\.retention\.time DURATION {2}How long\. \[1h\]/);
});

test('a command that takes none of the flags has a help of its own', () => {
  assert.equal(usage(PROGRAM, 'once'), 'usage: tributary-test once FILE\n\nRuns once.\nExit code: 0.\n');
  assert.equal(usage(PROGRAM, 'serve'), usage(PROGRAM));
  assert.equal(usage(PROGRAM, '--help'), usage(PROGRAM));
  assert.equal(usage(PROGRAM, 'constructor'), usage(PROGRAM));
});

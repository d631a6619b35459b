import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import bcrypt from 'bcrypt';
import { BasicAuth, BasicAuthBusyError } from './basic-auth.ts';
import { basicCredentials } from './basic-credentials.ts';

/** A comparison that the test ends, in place of one that takes its time. */
function held() {
  const asked: { password: string; hash: string; end: (isRight: boolean) => void }[] = [];
  const compare = (password: string, hash: string) =>
    new Promise<boolean>((resolve) => void asked.push({ password, hash, end: resolve }));
  return { asked, compare };
}

/** Lets everything go on that waits for nothing from outside. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('hashes as htpasswd, Go and others write them', async () => {
  const hash = await bcrypt.hash('correct horse', 4);
  const users = new Map(['$2a$', '$2b$', '$2y$'].map((kind) => [kind, hash.replace('$2b$', kind)]));
  const auth = new BasicAuth({ users: () => users });
  for (const name of users.keys()) {
    assert.equal(await auth.verify(name, 'correct horse'), true, name);
    assert.equal(await auth.verify(name, 'Correct horse'), false, name);
    assert.equal(await auth.verify(name, ''), false, name);
  }
  assert.equal(await auth.verify('nobody', 'correct horse'), false);
  // What libxcrypt made of `secret`, in the name that htpasswd gives it.
  const other = new Map([['a', '$2y$05$65IsL9pFjRs/nCbQiPz7RujsKKMWrSakYOXEwvTDdJ7SYzp0TdPHG']]);
  assert.equal(await new BasicAuth({ users: () => other }).verify('a', 'secret'), true);
});

test('nobody is anybody while there are no users', async () => {
  const { asked, compare } = held();
  assert.equal(await new BasicAuth({ users: () => new Map(), compare }).verify('a', 'b'), false);
  assert.equal(asked.length, 0);
});

test('what was right is remembered, until the hash is another or the user is gone', async () => {
  const { asked, compare } = held();
  let users = new Map([['a', 'hash-1']]);
  const auth = new BasicAuth({ users: () => users, compare });
  const first = auth.verify('a', 'right');
  asked[0]?.end(true);
  assert.equal(await first, true);
  assert.equal(await auth.verify('a', 'right'), true);
  assert.equal(asked.length, 1);
  users = new Map([['a', 'hash-2']]);
  const second = auth.verify('a', 'right');
  assert.equal(asked[1]?.hash, 'hash-2');
  asked[1]?.end(false);
  assert.equal(await second, false);
  users = new Map([['b', 'hash-1']]);
  const gone = auth.verify('a', 'right');
  // Whatever the comparison with somebody else's hash says.
  asked[2]?.end(true);
  assert.equal(await gone, false);
});

test('what was wrong is not remembered, and what is remembered is bounded', async () => {
  const right = new Set(['1', '2', '3']);
  let compared = 0;
  const compare = async (password: string) => {
    compared++;
    return right.has(password);
  };
  // Of one hash several passwords are right here, so that there are several good pairs.
  const auth = new BasicAuth({ users: () => new Map([['a', 'h']]), compare, rememberedMax: 2 });
  const cost = async (password: string) => {
    const before = compared;
    await auth.verify('a', password);
    return compared - before;
  };
  assert.deepEqual([await cost('x'), await cost('x')], [1, 1]);
  assert.deepEqual([await cost('1'), await cost('2'), await cost('1'), await cost('3')], [1, 1, 0, 1]);
  // The one that was not asked for for longest has gone.
  assert.deepEqual([await cost('1'), await cost('2')], [0, 1]);
});

test('an unknown name costs one comparison with the hash of somebody, always the same', async () => {
  const { asked, compare } = held();
  const users = new Map([
    ['a', 'hash-a'],
    ['b', 'hash-b'],
    ['c', 'hash-c'],
  ]);
  const auth = new BasicAuth({ users: () => users, compare, comparingMax: 100 });
  const names = Array.from({ length: 30 }, (_, i) => `nobody-${i}`);
  const hashesOf = async (password: string) => {
    const from = asked.length;
    const answers = names.map((name) => auth.verify(name, password));
    const hashes = asked.slice(from).map(({ hash, end }) => {
      end(true);
      return hash;
    });
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([false]));
    return hashes;
  };
  const hashes = await hashesOf('x');
  assert.equal(hashes.length, names.length);
  assert.equal(new Set(hashes).size, 3);
  assert.deepEqual(await hashesOf('y'), hashes);
});

test('few compare, some wait, and the rest come again', async () => {
  const { asked, compare } = held();
  const auth = new BasicAuth({ users: () => new Map([['a', 'h']]), compare, comparingMax: 2, waitingMax: 3 });
  const answers = ['1', '2', '3', '4', '5'].map((password) => auth.verify('a', password));
  // The same pair does not count twice.
  answers.push(auth.verify('a', '5'));
  assert.equal(asked.length, 2);
  await assert.rejects(auth.verify('a', '6'), BasicAuthBusyError);
  for (let i = 0; i < 5; i++) {
    asked[i]?.end(i === 4);
    await settle();
    assert.equal(asked.length, Math.min(5, i + 3));
  }
  assert.deepEqual(await Promise.all(answers), [false, false, false, false, true, true]);
  assert.deepEqual(
    asked.map(({ password }) => password),
    ['1', '2', '3', '4', '5'],
  );
  const again = auth.verify('a', '6');
  asked[5]?.end(false);
  assert.equal(await again, false);
});

test('a comparison that fails gives its turn on', async () => {
  let isBroken = true;
  const compare = async () => {
    if (isBroken) throw new Error('broken');
    return true;
  };
  const auth = new BasicAuth({ users: () => new Map([['a', 'h']]), compare, comparingMax: 1, waitingMax: 0 });
  await assert.rejects(auth.verify('a', 'b'), /broken/);
  isBroken = false;
  assert.equal(await auth.verify('a', 'b'), true);
});

test('the event loop goes on meanwhile', async () => {
  const users = new Map([['a', await bcrypt.hash('b', 10)]]);
  const auth = new BasicAuth({ users: () => users });
  await auth.verify('a', 'warm');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  await Promise.all(['1', '2'].map((password) => auth.verify('a', password)));
  const tookMs = performance.now() - startedAt;
  delay.disable();
  // Of a machine that is busy with other tests, hence not by the longest delay alone.
  assert.ok(delay.percentile(90) / 1e6 < 50, `${delay.percentile(90) / 1e6} ms of ${tookMs}`);
  assert.ok(tookMs > 20, `${tookMs} ms`);
});

test('the header Authorization', () => {
  const basic = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.deepEqual(basicCredentials(basic('alice:se:cret')), { name: 'alice', password: 'se:cret' });
  assert.deepEqual(basicCredentials(basic('älice:☃')), { name: 'älice', password: '☃' });
  assert.deepEqual(basicCredentials(basic(':')), { name: '', password: '' });
  assert.deepEqual(basicCredentials('bASIC   YTpi'), { name: 'a', password: 'b' });
  for (const bad of [
    undefined,
    '',
    'Bearer YTpi',
    'Basic',
    'Basic ',
    'Basic YTpi YTpi',
    'Basic Y_-i',
    basic('nocolon'),
    basic('a:b\0c'),
    basic('a\nb:c'),
    basic(Buffer.from([0x61, 0x3a, 0xff])),
    basic(`a:${'b'.repeat(2000)}`),
  ])
    assert.equal(basicCredentials(bad), null, bad);
});

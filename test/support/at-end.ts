/** What a test has to do at its end, the latest first: a process stops before the folder goes that it writes into. */
import type { TestContext } from 'node:test';

type Act = () => unknown;

const stacks = new WeakMap<TestContext, Act[]>();

/** As `t.after`, whose acts run in the order in which they were asked for. */
export function atEnd(t: TestContext, act: Act): void {
  const stack = stacks.get(t);
  if (stack !== undefined) {
    stack.push(act);
    return;
  }
  const acts = [act];
  stacks.set(t, acts);
  t.after(async () => {
    const errors: unknown[] = [];
    for (let next = acts.pop(); next !== undefined; next = acts.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'the end of the test failed');
  });
}

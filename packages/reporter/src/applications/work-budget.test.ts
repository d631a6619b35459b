import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkBudget } from './work-budget.ts';

test('a share of each stretch may be spent', () => {
  const budget = new WorkBudget({ stretchMs: 100, shareMs: 50 });
  assert.equal(budget.isSpent(0), false);
  budget.spend(49);
  assert.equal(budget.isSpent(60), false);
  budget.spend(1);
  assert.equal(budget.isSpent(99), true);
  assert.equal(budget.isSpent(100), false);
});

test('what is dearer than a stretch is paid for by the next ones', () => {
  const budget = new WorkBudget({ stretchMs: 100, shareMs: 50 });
  assert.equal(budget.isSpent(0), false);
  budget.spend(300);
  assert.equal(budget.isSpent(300), true);
  assert.equal(budget.isSpent(500), true);
  assert.equal(budget.isSpent(600), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionText } from './option-text.ts';
import {
  durationOption,
  mapOption,
  numberOption,
  type OptionSpec,
  sizeOption,
  switchOption,
  textsOption,
} from './options.ts';

test('a value is written so that it is read as the same', () => {
  const cases: readonly [OptionSpec<unknown>, string[], string][] = [
    [durationOption({ help: '', defaultMs: 0 }), ['90m'], '1h30m'],
    [sizeOption({ help: '', defaultBytes: 0 }), ['2048MB'], '2GB'],
    [numberOption({ help: '', default: 1, min: 0 }), ['7'], '7'],
    [switchOption({ help: '', default: false }), ['true'], 'true'],
    [mapOption({ help: '', checkKey: () => {} }), ['a=b', 'c=d'], 'a=b,c=d'],
    [textsOption({ help: '' }), ['a', 'b'], 'a,b'],
  ];
  for (const [spec, texts, expected] of cases) assert.equal(optionText(spec, spec.parse(texts)), expected);
});

/** What is made from the tables of options is as they are, and the schemas take what the programs take. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parseYaml } from '@tributary/program/yaml-tree';
import { Ajv, type ValidateFunction } from 'ajv';
import { OPTION_SPECS } from '../packages/reporter/src/config.ts';
import type { ConfigNode } from '../packages/shared/src/config-tree.ts';
import { BROKEN_CONFIGURATIONS } from './support/broken-configurations.ts';
import { generatedFiles } from './support/generated.ts';
import { REPOSITORY } from './support/programs.ts';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

function validator(program: 'gateway' | 'reporter'): ValidateFunction {
  const schema = JSON.parse(read(`packages/${program}/${program}.schema.json`)) as object;
  return new Ajv({ allowUnionTypes: true }).compile(schema);
}

/** As an editor's YAML plugin sees it. */
function plain(node: ConfigNode | null): unknown {
  if (node === null) return {};
  if (node.kind === 'list') return node.items.map(plain);
  if (node.kind === 'map')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  if (node.type === 'null') return null;
  if (node.type === 'number') return Number(node.text);
  return node.type === 'boolean' ? node.text.toLowerCase() === 'true' : node.text;
}

test('the generated files are current; npm run generate makes them so', () => {
  for (const [path, text] of generatedFiles()) assert.equal(read(path), text, path);
});

test('the example of the documentation is valid', () => {
  const page = read('docs/CONFIGURATION.md');
  const [, example = ''] = /\n## An example\n\n```yaml\n(.*?)```/s.exec(page) ?? [];
  assert.match(example, /^gateway:/);
  const validate = validator('reporter');
  assert.ok(validate(plain(parseYaml(example).tree)), JSON.stringify(validate.errors));
});

test('every collector is a switch, a map, or nothing', () => {
  const validate = validator('reporter');
  const names = Object.keys(OPTION_SPECS).flatMap((name) => /^collector\.(\w+)$/.exec(name)?.slice(1) ?? []);
  assert.ok(names.length > 50);
  for (const name of names) {
    for (const value of [true, { enabled: false }, null])
      assert.ok(validate({ collectors: { [name]: value } }), name);
    assert.ok(!validate({ collectors: { [name]: 'perhaps' } }), name);
  }
});

/** Of the broken configurations, those that take more than a schema to see: what goes together, and what a parser alone knows. */
const UNSEEN =
  /"1e6"|names users of|is not HOST:PORT|is not an? (http|ws)|is too (short|small)|was given in line|tab cannot|is not closed|second document|needs gateway|is of no use|is not a host name|cannot be a label|regular expression|device_exclude cannot|longer than the interval/;

test('the schemas see what is wrong in broken files', () => {
  const validators = { gateway: validator('gateway'), reporter: validator('reporter') };
  let seen = 0;
  for (const { program, file, message } of BROKEN_CONFIGURATIONS) {
    if (file === null || UNSEEN.test(message)) continue;
    assert.ok(!validators[program](plain(parseYaml(file).tree)), message);
    seen++;
  }
  assert.ok(seen >= 25, `${seen}`);
});
